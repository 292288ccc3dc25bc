// The front end of `ticks.py`: plain DOM, texts set as texts, nothing fetched.

const BADGES = {
  open: ["cnx-warn", "! open"],
  busy: ["cnx-busy", "… being put on record"],
  refused: ["cnx-bad", "✗ not put on record"],
  done: ["cnx-good", "✓ done"],
};

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

/** One step: what is asked, its fields, and the box. `line` is told of a tick, with the fields' values. */
function stepOf(step, largest, line) {
  const badge = make("span");
  const said = make("div", { role: "status", className: "cnx-said" });
  const note = make("input", { type: "text", autocomplete: "off" });
  const file = make("input", { type: "file" });
  const path = make("input", { type: "text", autocomplete: "off", spellcheck: false });
  const box = make("input", { type: "checkbox" });
  const fields = make(
    "div",
    { className: "cnx-fields" },
    make("label", {}, make("span", {}, "Note (optional)"), note),
    make("label", {}, make("span", {}, step.evidence), file),
    make("label", {}, make("span", {}, "or its path on the computer that runs this"), path),
    make("div", { className: "cnx-small" }, "Of the file its name and its SHA-256 go on record. Keep the file itself."),
    make("label", { className: "cnx-box" }, box, make("span", {}, step.box)),
  );
  const meaning = step.meaning ? [make("div", {}, step.meaning)] : [];
  const [text, url] = step.link;
  const link = url ? [make("div", {}, make("a", { href: url, target: "_blank", rel: "noopener" }, text))] : [];
  const root = make(
    "fieldset",
    {},
    make("legend", {}, `${step.name[0].toUpperCase()}${step.name.slice(1)} (${step.who})`),
    make("div", {}, badge),
    make("div", {}, step.what),
    ...link,
    make("div", { className: "cnx-small" }, `Why: ${step.why.join("; ")}`),
    ...meaning,
    ...(step.box ? [fields] : []),
    said,
  );
  let state = "open";

  box.addEventListener("click", async (event) => {
    // Not `disabled`: who ticks by the keyboard must not lose the place.
    if (state === "busy" || state === "done") return event.preventDefault();
    if (!line.live) {
      event.preventDefault();
      return said.before(line.said); // where it is looked for
    }
    const chosen = file.files[0];
    if (chosen && chosen.size > largest) {
      event.preventDefault();
      said.textContent = `✗ ${chosen.name} is too large to be sent through the browser: give its path instead.`;
      return;
    }
    state = "busy";
    const buffers = chosen ? [await chosen.arrayBuffer()] : [];
    const content = { step: step.step, note: note.value, path: path.value, file: chosen?.name ?? "" };
    if (!line.send(content, buffers)) said.before(line.said);
  });

  /** Nobody tells whether it was put on record: it is open until that is read again. */
  function lost() {
    if (state === "busy") show({ state: "open", said: "" });
    box.setAttribute("aria-disabled", "true");
  }

  function show(now) {
    state = now.state;
    const [look, word] = BADGES[state];
    badge.className = look;
    badge.textContent = word;
    said.textContent = state === "refused" ? `✗ ${now.said}` : now.said;
    box.checked = state === "busy" || state === "done";
    root.setAttribute("aria-busy", String(state === "busy"));
    for (const field of [note, path]) field.readOnly = state === "busy";
    for (const field of [box, file]) field.setAttribute("aria-disabled", String(state === "busy"));
    if (state === "done" && !fields.hidden) {
      const focused = root.contains(document.activeElement);
      fields.hidden = true;
      said.tabIndex = -1;
      if (focused) said.focus();
    }
  }
  show(step);
  return { root, show, lost };
}

function render({ model, el }) {
  const title = model.get("title");
  const root = make("section", { className: "cnx-ticks", "data-lm-suppress-shortcuts": "true" });
  root.setAttribute("aria-label", title);
  const line = new Connection(model, () => { for (const step of steps.values()) step.lost(); });
  const steps = new Map(model.get("steps").map((step) => [step.step, stepOf(step, model.get("largest"), line)]));
  root.append(make("div", { className: "cnx-title" }, title), line.said, ...[...steps.values()].map((step) => step.root));
  const renew = () => {
    for (const step of model.get("steps")) steps.get(step.step)?.show(step);
  };
  model.on("change:steps", renew);
  el.append(root);
  return () => {
    line.end();
    model.off("change:steps", renew);
  };
}

export default { render };
