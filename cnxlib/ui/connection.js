// A front end's line to its kernel. Where that was restarted, or is gone, nothing is sent any more: it is said in place.

const GONE = ["restarting", "autorestarting", "terminating", "dead"]; // a kernel's states, as JupyterLab names them

class Connection {
  /** `lost` is called once, when nobody listens any more; `said` is where that is told. */
  constructor(model, lost) {
    this.model = model;
    this.told = lost;
    this.live = true;
    this.said = document.createElement("div");
    this.said.setAttribute("role", "status");
    this.said.className = "cnx-lost";
    this.said.style.cssText = "border-left: 4px solid #c25e00; display: none; font-weight: 600; margin: 8px 0; padding: 4px 12px";
    this.lose = () => this.lost();
    this.changed = (_, status) => { if (GONE.includes(status)) this.lost(); };
    // ipywidgets tells it of each model; that a kernel died by itself is told of the kernel alone.
    model.on("comm_live_update", this.lose);
    this.states = model.widget_manager?.kernel?.statusChanged;
    this.states?.connect(this.changed);
  }

  /** Whether it was sent. */
  send(content, buffers = []) {
    if (this.live) {
      try {
        this.model.send(content, undefined, buffers);
        return true;
      } catch {
        this.lost();
      }
    }
    return false;
  }

  lost() {
    if (!this.live) return;
    this.live = false;
    const menu = document.querySelector(".jp-NotebookPanel"); // JupyterLab's; a plain page runs as it is loaded
    this.said.textContent = menu ? "The kernel was restarted: choose Run → Run All Cells." : "The kernel is gone: load this page again.";
    this.said.style.display = "";
    this.told();
  }

  end() {
    this.model.off("comm_live_update", this.lose);
    this.states?.disconnect(this.changed);
  }
}
