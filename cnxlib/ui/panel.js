// The front end of `panel_widget.py`: plain DOM that is changed where it differs, so that nothing flickers, no place of
// a reader is lost, and a screen reader is told what changed and not everything again.

const SAY_MS = 2500; // at most that often is a listener told how far it is
const TICK_MS = 1000;

let views = 0;

function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** The text, which may break where the parts of a long name meet. */
function setNames(node, text) {
  if (node.textContent === text) return;
  const parts = text.split(/(?<=[/@._])(?=\w)/).flatMap((part) => [part, document.createElement("wbr")]);
  node.replaceChildren(...parts.slice(0, -1));
}

function setHtml(node, html) {
  if (node.shown !== html) {
    node.shown = html;
    node.innerHTML = html; // made by `view.py`, which escapes every text
  }
  node.hidden = !html;
}

class View {
  constructor(model, el) {
    this.model = model;
    this.id = `cnx-panel-${++views}-${Math.random().toString(36).slice(2, 8)}`;
    this.rows = new Map(); // the parts of each row, by the step's key
    this.told = { text: "", at: 0, timer: 0 };
    this.line = new Connection(model, () => this.lost());
    this.build();
    el.append(this.root);
    this.changed = () => this.refresh();
    model.on("change", this.changed);
    this.clock = setInterval(() => this.tick(), TICK_MS);
    this.refresh();
  }

  build() {
    const field = `${this.id}-org-id`;
    this.label = h("label", { for: field });
    this.typed = h("input", {
      id: field, type: "text", autocomplete: "off", spellcheck: "false", size: "22", maxlength: "40",
      "aria-describedby": `${field}-said`,
      onkeydown: (event) => { if (event.key === "Enter") this.press(); },
    });
    this.refused = h("span", { id: `${field}-said`, class: "cnx-refused", role: "alert" });
    this.guard = h("div", { class: "cnx-guard" }, this.label, this.typed, this.refused);
    this.button = h("button", { type: "button", class: "cnx-main", onclick: () => this.press() });
    this.head = h("div", { tabindex: "-1" });
    this.foot = h("div");
    this.progress = h("div", { class: "cnx-progress" });
    this.overall = this.bar(`${this.id}-overall`);
    this.detail = this.bar(`${this.id}-detail`);
    this.progress.append(this.overall.box, this.detail.box);
    this.caption = h("caption");
    this.heads = h("tr");
    this.body = h("tbody");
    this.table = h("table", {}, this.caption, h("thead", {}, this.heads), this.body);
    this.status = h("div", { class: "cnx-heard", role: "status", "aria-live": "polite" });
    this.root = h(
      "div",
      { class: "cnx-panel", role: "group", "aria-label": "Apply", "data-lm-suppress-shortcuts": "true" },
      this.status, this.line.said, this.guard, this.head, this.progress, this.table, this.foot, this.button,
    );
  }

  bar(id) {
    const words = h("span", { id });
    const bar = h("progress", { max: "1", "aria-labelledby": id });
    return { words, bar, box: h("div", { class: "cnx-bar" }, bar, words) };
  }

  press() {
    if (this.button.getAttribute("aria-disabled") === "true") return;
    this.line.send({ press: this.typed.value });
  }

  refresh() {
    const get = (name) => this.model.get(name);
    const guard = get("guard");
    const button = get("button");
    const leaves = !button && [this.button, this.typed].includes(document.activeElement);
    this.guard.hidden = !guard;
    setText(this.label, guard);
    setText(this.refused, get("refused"));
    this.typed.setAttribute("aria-invalid", String(Boolean(get("refused"))));
    const enabled = get("enabled") && this.line.live;
    this.typed.disabled = !enabled;
    this.button.hidden = !button;
    setText(this.button, button);
    this.button.classList.toggle("cnx-second", get("rows").length > 0); // what is left has a button of its own
    this.button.setAttribute("aria-disabled", String(!enabled));
    setHtml(this.head, get("head"));
    if (leaves) this.head.focus(); // what was pressed is gone: the keyboard's place is where it is told what came of it
    setHtml(this.foot, get("foot"));
    this.showBar(this.overall, get("overall"));
    this.showBar(this.detail, get("detail"));
    this.progress.hidden = !this.line.live || (this.overall.box.hidden && this.detail.box.hidden);
    this.showRows(get("rows"), get("columns"), get("caption"));
    this.say(get("said"), get("button") !== "");
  }

  showBar({ box, bar, words }, given) {
    box.hidden = !given.text;
    setText(words, given.text ?? "");
    if (given.fraction === null || given.fraction === undefined) bar.removeAttribute("value");
    else if (bar.value !== given.fraction || !bar.hasAttribute("value")) bar.value = given.fraction;
    bar.setAttribute("aria-valuetext", given.text ?? "");
  }

  showRows(rows, columns, caption) {
    this.table.hidden = rows.length === 0;
    setText(this.caption, caption);
    if (this.heads.children.length !== columns.length) {
      this.heads.replaceChildren(...columns.map((name) => h("th", { scope: "col" }, name)));
    }
    const keys = new Set(rows.map((row) => row.key));
    for (const [key, parts] of this.rows) {
      if (!keys.has(key)) {
        parts.row.remove();
        this.rows.delete(key);
      }
    }
    rows.forEach((row, place) => {
      const parts = this.rows.get(row.key) ?? this.newRow(row.key);
      if (this.body.children[place] !== parts.row) this.body.insertBefore(parts.row, this.body.children[place] ?? null);
      parts.state.className = `cnx-state cnx-is-${row.state}`;
      setText(parts.state, `${row.sign} ${row.word}`);
      setNames(parts.step, row.step);
      setNames(parts.remark, row.remark.join("\n"));
      setHtml(parts.byHand, row.by_hand);
      parts.since = row.elapsed === null ? null : performance.now() - row.elapsed * 1000;
      setText(parts.seconds, row.seconds);
    });
    this.tick();
  }

  newRow(key) {
    const parts = {
      state: h("span"), step: h("span"), remark: h("div", { class: "cnx-remark" }), byHand: h("div"), seconds: h("span"), since: null,
    };
    const cells = [parts.state, parts.step, parts.remark, parts.byHand, parts.seconds].map((part) => h("td", {}, part));
    parts.row = h("tr", {}, ...cells);
    this.rows.set(key, parts);
    return parts;
  }

  tick() {
    for (const { since, seconds } of this.rows.values()) {
      if (since !== null) setText(seconds, `${Math.max(0, Math.floor((performance.now() - since) / 1000))} …`);
    }
  }

  /** Tell a listener, in time with what it can hear; the end at once. */
  say(text, now) {
    const { told } = this;
    if (text === told.text) return;
    told.text = text;
    clearTimeout(told.timer);
    const wait = now ? 0 : Math.max(0, told.at + SAY_MS - performance.now());
    told.timer = setTimeout(() => {
      told.at = performance.now();
      setText(this.status, told.text);
    }, wait);
  }

  /** Nobody tells how it goes on, so nothing is counted that may have ended; the runner needs no kernel. */
  lost() {
    clearInterval(this.clock);
    if (this.model.get("overall").text) this.line.said.append(" What is being applied goes on meanwhile.");
    this.refresh();
  }

  close() {
    this.line.end();
    clearInterval(this.clock);
    clearTimeout(this.told.timer);
    this.model.off("change", this.changed);
  }
}

export default {
  render({ model, el }) {
    const view = new View(model, el);
    return () => view.close();
  },
};
