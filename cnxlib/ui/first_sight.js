// JupyterLab's "Run All Cells" goes to the last cell, far below what a person works with.

/** Bring `node`, once it is drawn, into view with the heading above its cell, where nobody has gone elsewhere since. */
function bringIntoView(node) {
  const drawn = new ResizeObserver(() => {
    drawn.disconnect();
    const cell = node.closest(".jp-Notebook .jp-Cell"); // in JupyterLab alone
    const last = cell && [...cell.closest(".jp-Notebook").querySelectorAll(".jp-Cell")].at(-1);
    if (last?.classList.contains("jp-mod-active") && last !== cell && isInView(last)) {
      const above = cell.previousElementSibling;
      (above?.classList.contains("jp-MarkdownCell") ? above : cell).scrollIntoView({ block: "start" });
    }
  });
  drawn.observe(node);
}

function isInView(node) {
  const { top, bottom } = node.getBoundingClientRect();
  return bottom > 0 && top < window.innerHeight;
}
