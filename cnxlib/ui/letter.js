// The front end of `letter.py`: plain DOM, texts set as texts, nothing fetched.

/** An element with properties and children; strings become text. */
function make(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key in element) element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

/** Hand a text to the browser as a file to be saved, as it stands. */
function save({ name, type, text }) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = make("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Put a text on the clipboard; where the page may not, select it. Tells whether it is there. */
async function copy(text, element) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // No clipboard on a page that is not served from this machine or by HTTPS, or it was refused.
  }
  const range = document.createRange();
  range.selectNodeContents(element);
  const selection = window.getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
  return typeof document.execCommand === "function" && document.execCommand("copy");
}

function render({ model, el }) {
  const status = make("div", { role: "status", className: "cnx-said" });
  const say = (text) => (status.textContent = text);

  /** A button that copies what stands in `element`. */
  const copying = (label, what, element) => {
    const press = async () => {
      const done = await copy(element.textContent, element);
      say(done ? `Copied: ${what}.` : `Your browser does not let this page copy. It is selected: press Ctrl+C, or ⌘C on a Mac.`);
    };
    return make("button", { type: "button", onclick: press }, label);
  };

  // JupyterLab's shortcuts would take Enter on a button for "edit the cell".
  const root = make("section", { className: "cnx-letter", "data-lm-suppress-shortcuts": "true" });
  const title = model.get("title");
  root.setAttribute("aria-label", title);
  root.append(make("div", { className: "cnx-title" }, title));
  if (model.get("note")) root.append(make("div", { className: "cnx-note cnx-warn" }, `! ${model.get("note")}`));

  const lines = model.get("heads").map(([name, shown, value]) => {
    const text = make("span", {}, shown);
    const button = value ? [copying(`Copy ${name.toLowerCase()}`, name.toLowerCase(), text)] : [];
    const cell = make("td", {}, text, make("span", { className: "cnx-tools" }, ...button));
    return make("tr", {}, make("th", { scope: "row" }, name), cell);
  });
  if (lines.length) root.append(make("table", {}, make("tbody", {}, ...lines)));

  const tools = make("div", { className: "cnx-tools" });
  if (model.get("body")) {
    const body = make("pre", {}, model.get("body"));
    root.append(body);
    tools.append(copying("Copy the text", "the text", body));
  }
  if (model.get("mailto")) {
    const said = "Your mail program should open. If it does not, copy the mail or save it as a file.";
    const link = { href: model.get("mailto"), className: "cnx-button", onclick: () => say(said) };
    tools.append(make("a", link, "Open in your mail program"));
  }
  for (const file of model.get("files")) {
    const press = () => {
      save(file);
      say(`Saved ${file.name} to where your browser puts downloads.`);
    };
    tools.append(make("button", { type: "button", onclick: press }, `Save ${file.name}`));
  }
  root.append(tools, status);
  el.append(root);
}

export default { render };
