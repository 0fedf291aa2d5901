"use strict";
// Sorting and filtering of the tables on this page. Without it every row is shown, in the order written.
(() => {
  const compare = (a, b) => (typeof a === "number" && typeof b === "number") ? a - b
    : String(a).localeCompare(String(b), undefined, { numeric: true, sensitivity: "base" });

  const valueOf = (row, column, numeric) => {
    const cell = row.cells[column];
    const text = cell.dataset.value ?? cell.textContent.trim();
    if (!numeric) return text;
    return text === "" || Number.isNaN(Number(text)) ? null : Number(text);
  };

  const sortable = (table) => {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      if (!head.dataset.sort) return;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const first = head.dataset.first === "descending" ? "descending" : "ascending";
        const other = first === "ascending" ? "descending" : "ascending";
        const direction = head.getAttribute("aria-sort") === first ? other : first;
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", direction);
        const numeric = head.dataset.sort === "number";
        const sign = direction === "ascending" ? 1 : -1;
        const body = table.tBodies[0];
        const rows = [...body.rows].map((row, place) => [valueOf(row, column, numeric), place, row]);
        rows.sort((a, b) => {
          // What is unknown stays at the end whichever way the rest is sorted.
          const empty = (value) => value === null || value === "";
          if (empty(a[0]) || empty(b[0])) return empty(a[0]) - empty(b[0]) || a[1] - b[1];
          return sign * compare(a[0], b[0]) || a[1] - b[1];
        });
        body.append(...rows.map((entry) => entry[2]));
      });
    });
  };

  const filterable = (form) => {
    const table = document.getElementById(form.dataset.table);
    const rows = [...table.tBodies[0].rows];
    const fields = [...form.elements].filter((field) => field.name);
    const said = form.querySelector("output");
    const noun = form.dataset.noun;
    const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));

    const matches = (row, field) => {
      const wanted = field.value;
      if (!wanted) return true;
      if (field.name === "text") {
        return wanted.toLowerCase().split(/\s+/).every((word) => texts.get(row).includes(word));
      }
      return (row.getAttribute(`data-${field.name}`) ?? "").split("\n").includes(wanted);
    };
    const apply = () => {
      let shown = 0;
      for (const row of rows) {
        row.hidden = !fields.every((field) => matches(row, field));
        shown += row.hidden ? 0 : 1;
      }
      said.value = shown === rows.length ? `${rows.length} ${noun}` : `${shown} of ${rows.length} ${noun}`;
      const chosen = new URLSearchParams(fields.filter((field) => field.value).map((f) => [f.name, f.value]));
      const address = String(chosen) ? `#${chosen}` : location.pathname + location.search;
      try { history.replaceState(null, "", address); } catch { /* some viewers forbid it; filters still work */ }
    };
    const restore = () => {
      const asked = new URLSearchParams(location.hash.slice(1));
      for (const field of fields) field.value = asked.get(field.name) ?? "";
      for (const field of fields) if (field.value === "" || field.selectedIndex === -1) field.value = "";
      apply();
    };
    form.hidden = false;
    form.addEventListener("input", apply);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(apply));
    addEventListener("hashchange", restore);
    restore();
  };

  document.querySelectorAll("table[data-sortable]").forEach(sortable);
  document.querySelectorAll("form.filters").forEach(filterable);
})();
