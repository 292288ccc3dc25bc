// What one value is typed or chosen with. Each of these is a method of the form's view, and returns how its control is
// shown (node, grouped, beside), set (set), and asked (busy, flush, focus); `about` is what a message is about.

const TYPING_MS = 200; // after the last key
const LARGEST_FILE = 5_000_000; // bytes

const CONTROLS = {
  text(field, id, described, place, tell) {
    const numeric = field.kind === "number";
    const [least, greatest] = field.limits;
    const input = h("input", {
      ...this.attributes(field, id, described), type: numeric ? "number" : "text", class: "cnx-input", min: least, max: greatest,
      autocomplete: "off", spellcheck: "false",
    });
    const typed = later(TYPING_MS, () => tell(input.value));
    input.addEventListener("input", () => typed());
    input.addEventListener("change", () => typed.now());
    const node = offered(this, field, input, (value) => { input.value = value; typed.now(); }) ?? input;
    return {
      node, about: [input], busy: typed.waits, focus: () => input.focus(), flush: () => typed.waits() && typed.now(),
      set: (value) => { if (input.value !== String(value)) input.value = value; },
    };
  },

  long(field, id, described, place, tell) {
    const input = h("textarea", { ...this.attributes(field, id, described), rows: 4, class: "cnx-input", spellcheck: "false" });
    const typed = later(TYPING_MS, () => tell(input.value));
    input.addEventListener("input", () => typed());
    return {
      node: input, about: [input], busy: typed.waits, focus: () => input.focus(),
      set: (value) => { if (input.value !== value && document.activeElement !== input) input.value = value; },
    };
  },

  switched(field, id, described, place, tell) {
    const input = h("input", { ...this.attributes(field, id, described), type: "checkbox", onchange: () => tell(input.checked) });
    return { node: input, beside: true, about: [input], set: (value) => { input.checked = value; } };
  },

  chosen(field, id, described, place, tell) {
    const select = h("select", { ...this.attributes(field, id, described), class: "cnx-input", onchange: () => tell(select.value) });
    for (const [value, label] of field.choices) select.append(h("option", { value }, label));
    const set = (value) => {
      if (![...select.options].some((option) => option.value === value))
        select.prepend(h("option", { value }, value === "" ? "Choose …" : value));
      select.value = value;
    };
    return { node: select, about: [select], set, focus: () => select.focus() };
  },

  // A reference to a secret, and beside it a field for the secret itself, which is emptied as soon as it is told.
  reference(field, id, described, place, tell) {
    const plain = this.text(field, id, described, place, tell);
    plain.about[0].placeholder = "env:NAME, file:PATH or age:NAME: where it lies";
    const secret = h("input", { type: "password", id: `${id}-secret`, class: "cnx-input", autocomplete: "new-password",
      "aria-label": `or type it here: ${field.label}`, "aria-describedby": `${id}-secret-help` });
    const keep = () => {
      const value = secret.value;
      secret.value = "";
      if (value) this.line.send({ kind: "secret", name: field.name, value });
    };
    secret.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); keep(); } });
    secret.addEventListener("change", keep); // left without a press of the button
    const node = h("div", {}, plain.node,
      h("div", { class: "cnx-secret" },
        h("label", { for: `${id}-secret` }, "or type it here"), secret,
        h("button", { type: "button", class: "cnx-small", onclick: keep, "aria-label": `Keep ${field.label} in the secret store` }, "Keep in the secret store")),
      h("div", { class: "cnx-help", id: `${id}-secret-help` }, "What you type goes to the encrypted store on this computer; only its reference stays here."));
    return { ...plain, node, flush: () => { keep(); plain.flush(); } };
  },

  // The path of a file, or one that is chosen here and saved by the kernel.
  file(field, id, described, place, tell) {
    const plain = this.text(field, id, described, place, tell);
    const said = h("span", { role: "status" });
    const chooser = h("input", { type: "file", accept: ".csv,text/csv", hidden: true, onchange: async () => {
      const [file] = chooser.files;
      if (!file) return;
      const tooLarge = file.size > LARGEST_FILE;
      const sent = !tooLarge && this.line.send({ kind: "file", name: field.name, text: await file.text() });
      said.textContent = tooLarge ? `${file.name} is too large: give its path` : sent ? `${file.name} is saved beside your orgs.yaml` : "";
      chooser.value = "";
    } });
    const button = h("button", { type: "button", class: "cnx-small", "aria-describedby": described, onclick: () => chooser.click() }, "Choose a file …");
    return { ...plain, node: h("div", {}, h("div", { class: "cnx-line" }, plain.node, button, chooser), said) };
  },

  // A secret, told and emptied as soon as the field is left; a reference to one that is kept elsewhere will do, too.
  secret(field, id, described, place, tell) {
    const elsewhere = this.text(field, `${id}-elsewhere`, described, place, tell);
    const input = h("input", { ...this.attributes(field, id, described), type: "password", class: "cnx-input", autocomplete: "new-password" });
    const keep = () => {
      const value = input.value;
      input.value = "";
      if (value) this.line.send({ kind: "secret", name: field.name, value });
    };
    input.addEventListener("change", keep);
    const node = h("div", {}, input, h("details", {}, h("summary", { class: "cnx-aside" }, "It is kept elsewhere"),
      h("label", { for: `${id}-elsewhere` }, `Reference to the ${field.label.toLowerCase()}`), elsewhere.node,
      h("div", { class: "cnx-help" }, "env:NAME, file:PATH, age:NAME, keyring:SERVICE/NAME or sf:ALIAS; never the secret itself")));
    return { ...elsewhere, node, about: [input], focus: () => input.focus(), flush: () => { keep(); elsewhere.flush(); } };
  },
};
