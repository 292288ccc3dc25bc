// The front end of `sortable.py`: plain DOM, texts set as texts, nothing fetched.

const PAGE = 50;
const COUNT = new Intl.NumberFormat("en-US");
const ORDER = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
const ARROWS = { none: "↕", ascending: "▲", descending: "▼" };

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

/** What a cell says, one line for each of its parts. */
function textOf(cell) {
  return typeof cell === "string" ? cell : cell.map((part) => part.text).join("\n");
}

/** The text, which may break where the parts of a long name meet. */
function broken(text) {
  return text.split(/(?<=[/@._])(?=\w)/).flatMap((part) => [document.createElement("wbr"), part]).slice(1);
}

/** A cell's parts as elements. */
function shownCell(cell) {
  if (typeof cell === "string") return broken(cell);
  return cell.map(({ text, kind, url }) => {
    if (kind === "link") return make("div", {}, make("a", { href: url, target: "_blank", rel: "noopener" }, text));
    if (kind === "code") return make("div", {}, make("code", {}, text));
    return make("div", { className: `cnx-${kind}` }, ...broken(text));
  });
}

/** The rows as a CSV file's text (RFC 4180); what a spreadsheet would take for a formula gets an apostrophe. */
export function csvOf(rows, formulaStarts) {
  const quoted = (text) => {
    const safe = formulaStarts.some((start) => text.startsWith(start)) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return rows.map((row) => row.map(quoted).join(",") + "\r\n").join("");
}

/** Sorting and filtering of pooled rows; knows no DOM. */
export class Rows {
  constructor({ rows, cells }) {
    this.all = rows;
    this.cells = cells;
    this.texts = cells.map(textOf);
    this.ranks = null;
    this.lower = null;
    this.column = -1;
    this.descending = false;
    this.words = [];
    this.found = rows;
  }

  /** A row's texts. */
  textsOf(row) {
    return row.map((place) => this.texts[place]);
  }

  /** Keep the rows that hold every word of `typed`, in any column, in small or capital letters. */
  filter(typed) {
    this.words = typed.toLowerCase().split(/\s+/).filter(Boolean);
    this.#renew();
  }

  /** Sort by a column: upwards, downwards, then as the rows came. */
  sort(column) {
    if (this.column !== column) [this.column, this.descending] = [column, false];
    else if (!this.descending) this.descending = true;
    else this.column = -1;
    this.#renew();
  }

  /** How a column is sorted, as ARIA says it. */
  direction(column) {
    if (column !== this.column) return "none";
    return this.descending ? "descending" : "ascending";
  }

  #renew() {
    let found = this.all;
    if (this.words.length) {
      this.lower ??= this.texts.map((text) => text.toLowerCase());
      const holds = (row) => (word) => row.some((place) => this.lower[place].includes(word));
      found = found.filter((row) => this.words.every(holds(row)));
    }
    if (this.column >= 0) {
      this.ranks ??= this.#ranked();
      const way = this.descending ? -1 : 1;
      found = [...found].sort((a, b) => way * (this.ranks[a[this.column]] - this.ranks[b[this.column]]));
    }
    this.found = found;
  }

  // Comparing texts as people do is slow, and most cells are alike: each text is compared once, rows by number.
  #ranked() {
    const places = this.texts.map((_, place) => place);
    places.sort((a, b) => ORDER.compare(this.texts[a], this.texts[b]));
    const ranks = new Int32Array(places.length);
    places.forEach((place, index) => {
      const before = index ? places[index - 1] : -1;
      const same = index && ORDER.compare(this.texts[before], this.texts[place]) === 0;
      ranks[place] = same ? ranks[before] : index;
    });
    return ranks;
  }
}

/** "rows 1–50 of 10,000", and of how many where some are filtered out. */
export function position(first, last, found, all) {
  const among = found === all ? "" : ` (filtered from ${COUNT.format(all)})`;
  if (!found) return `no row fits${among}`;
  return `rows ${COUNT.format(first)}–${COUNT.format(last)} of ${COUNT.format(found)}${among}`;
}

/** Hand a text to the browser as a file to be saved. */
export function save(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = make("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function render({ model, el }) {
  const columns = model.get("columns");
  const rows = new Rows(model.get("data"));
  let page = 0;

  const filter = make("input", { type: "search", autocomplete: "off", spellcheck: false });
  const saving = make("button", { type: "button" });
  const status = make("span", { role: "status" });
  const below = make("span", { "aria-hidden": "true" }); // the same for who looks there
  const arrows = columns.map(() => make("span", { "aria-hidden": "true", className: "cnx-arrow" }));
  const heads = columns.map((name, column) => {
    const button = make("button", { type: "button", onclick: () => sort(column) }, name, arrows[column]);
    return make("th", { scope: "col" }, button);
  });
  const body = make("tbody");
  const ways = { First: () => 0, Previous: () => page - 1, Next: () => page + 1, Last: () => pages() - 1 };
  const turns = Object.entries(ways).map(([word, where]) =>
    make("button", { type: "button", onclick: () => turn(where()) }, word),
  );
  const [first, previous, next, last] = turns;
  const paging = make("div", { className: "cnx-tools" }, first, previous, below, next, last);
  const widths = model.get("widths").map((width) => make("col", { style: `width:${width}%` }));
  const caption = model.get("caption");
  const table = make("table", {}, make("caption", {}, caption), ...widths, make("thead", {}, make("tr", {}, ...heads)), body);
  const tools = make("div", { className: "cnx-tools" }, make("label", {}, "Filter ", filter), status, saving);
  // JupyterLab's shortcuts would take Enter on a button for "edit the cell".
  const root = make("div", { className: "cnx-sortable", "data-lm-suppress-shortcuts": "true" }, tools, table, paging);

  const pages = () => Math.max(1, Math.ceil(rows.found.length / PAGE));
  const turn = (wanted) => {
    page = Math.min(Math.max(wanted, 0), pages() - 1);
    show();
  };
  const sort = (column) => {
    rows.sort(column);
    turn(0);
  };

  function show() {
    const begin = page * PAGE;
    const shown = rows.found.slice(begin, begin + PAGE);
    body.replaceChildren(
      ...shown.map((row) => make("tr", {}, ...row.map((place) => make("td", {}, ...shownCell(rows.cells[place]))))),
    );
    columns.forEach((_, column) => {
      heads[column].setAttribute("aria-sort", rows.direction(column));
      arrows[column].textContent = ARROWS[rows.direction(column)];
    });
    const where = position(begin + 1, begin + shown.length, rows.found.length, rows.all.length);
    status.textContent = below.textContent = where;
    saving.textContent = rows.found.length === 1 ? "Save this row as CSV" : `Save ${COUNT.format(rows.found.length)} rows as CSV`;
    // Not `disabled`: a button that is pressed to the end of the table must not lose the focus.
    for (const button of [first, previous]) button.setAttribute("aria-disabled", String(page === 0));
    for (const button of [next, last]) button.setAttribute("aria-disabled", String(page === pages() - 1));
    paging.hidden = rows.all.length <= PAGE;
  }

  filter.addEventListener("input", () => {
    rows.filter(filter.value);
    turn(0);
  });
  saving.addEventListener("click", () => {
    const name = caption.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") || "table";
    const text = csvOf([columns, ...rows.found.map((row) => rows.textsOf(row))], model.get("formula_starts"));
    save(`${name}.csv`, "text/csv;charset=utf-8", "\ufeff" + text); // the mark has Excel read it as UTF-8
  });
  show();
  el.append(root);
}

export default { render };
