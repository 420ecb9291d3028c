// Comfort only: the page reads the same without it.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // Sorting: a click on a heading of table.sortable.
  all("table.sortable").forEach((table) => {
    all("thead th", table).forEach((head, column) => {
      if (!head.dataset.sort) return;
      const button = document.createElement("button");
      button.append(...head.childNodes);
      head.append(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        const numeric = head.dataset.sort === "number";
        const [first, second] = numeric ? ["descending", "ascending"] : ["ascending", "descending"];
        const order = head.getAttribute("aria-sort") === first ? second : first;
        all("th[aria-sort]", table).forEach((other) => other.setAttribute("aria-sort", "none"));
        head.setAttribute("aria-sort", order);
        const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
        const compare = (a, b) =>
          (order === "ascending" ? 1 : -1) * (numeric ? value(a) - value(b) : value(a).localeCompare(value(b)));
        const body = table.tBodies[0];
        [...body.rows].sort(compare).forEach((row) => body.append(row));
      });
    });
  });

  // Filtering the findings by words and severity.
  const tools = document.querySelector(".tools");
  if (tools) {
    tools.hidden = false;
    const rows = all("#rules tbody tr");
    const apply = () => {
      const words = tools.querySelector("input[type=search]").value.toLowerCase().split(/\s+/);
      const shown = new Set(all("input[type=checkbox]:checked", tools).map((box) => box.value));
      let count = 0;
      rows.forEach((row) => {
        const text = row.textContent.toLowerCase();
        row.hidden = !(shown.has(row.dataset.severity) && words.every((word) => text.includes(word)));
        count += !row.hidden;
      });
      tools.querySelector("output").textContent = `${count} of ${rows.length} rules`;
    };
    tools.addEventListener("input", apply);
    apply();
  }

  // Where the reader is.
  const links = new Map(all(".toc a").map((link) => [link.hash.slice(1), link]));
  const seen = new Set();
  const watch = new IntersectionObserver((entries) => {
    entries.forEach(({ target, isIntersecting }) => seen[isIntersecting ? "add" : "delete"](target.id));
    const first = [...links.keys()].find((id) => seen.has(id));
    if (!first) return;
    links.forEach((link, id) => (id === first ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current")));
    const bar = document.querySelector(".toc");
    if (bar.scrollWidth > bar.clientWidth) bar.scrollTo({ left: links.get(first).offsetLeft - 40 });
  }, { rootMargin: "-60px 0px -60% 0px" });
  links.forEach((_, id) => watch.observe(document.getElementById(id)));

  // Paper shows what is folded.
  addEventListener("beforeprint", () => all("details").forEach((fold) => (fold.open = true)));
})();
