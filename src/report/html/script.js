
"use strict";
// Makes the table of people sortable, searchable and filterable. Whatever it shows is set as text, never as markup.
(() => {
  const CHUNK = 200;
  const MOST_PRINTED = 5000;
  const data = JSON.parse(document.getElementById("data").textContent);
  const total = data.name.length;
  const one = (id) => document.getElementById(id);
  const table = one("rows");
  const body = table.tBodies[0];

  // Reading: the text of a column for a row, and what is searched: without case or accents.
  const text = (column, row) => data[column].texts[data[column].at[row]];
  const fold = (words) => words.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const folded = (column) => column.texts.map((words) => fold([words].flat().join(" ")));
  const own = ["name", "username", "email", "person"].map((column) => data[column]);
  const sought = data.name.map((_, row) => fold(own.map((column) => column[row]).join("\n")));
  const shared = ["reason", "rule", "path", "add_on", "source"].map((column) => [data[column].at, folded(data[column])]);
  const says = (word) => {
    const hits = shared.map(([at, texts]) => [at, texts.map((words) => words.includes(word))]);
    return (row) => sought[row].includes(word) || hits.some(([at, hit]) => hit[at[row]]);
  };

  // Sorting: the order of all rows by one column, made once when it is first asked for; equals stay as planned.
  const natural = Uint32Array.from({ length: total }, (_, row) => row);
  const orders = new Map([["", natural]]);
  const ranks = (column) => {
    if (column === "verdict") return data.verdict.at;
    // Reasons of one kind stay in the order of the plan, which is that of the line.
    const coded = column === "name" ? { texts: data.name, at: natural } : data[column === "reason" ? "because" : column];
    const texts = folded(coded);
    const places = texts.map((_, place) => place).sort((a, b) => compare(texts[a], texts[b]));
    const rank = new Uint32Array(texts.length);
    places.forEach((place, at) => {
      const same = at > 0 && texts[places[at - 1]] === texts[place];
      rank[place] = same ? rank[places[at - 1]] : at;
    });
    return coded.at.map((place) => rank[place]);
  };
  // What is empty comes last.
  const compare = (a, b) => (a === b ? 0 : a === "" ? 1 : b === "" ? -1 : a < b ? -1 : 1);
  const order = (column) => {
    if (!orders.has(column)) {
      const rank = ranks(column);
      orders.set(column, natural.slice().sort((a, b) => rank[a] - rank[b] || a - b));
    }
    return orders.get(column);
  };

  // What is asked for; it is kept in the address, so that a view can be shared.
  const fields = ["add_on", "rule", "group", "because", "outcome"];
  const nothing = { q: "", verdict: "", add_on: "", rule: "", group: "", because: "", outcome: "", news: "", sort: "" };
  let asked = { ...nothing };
  let found = [];
  let drawn = 0;

  const find = () => {
    const words = fold(asked.q).split(/\s+/).filter(Boolean);
    const tests = words.map(says);
    const coded = (column, matches) => {
      const wanted = data[column].texts.map(matches);
      const at = data[column].at;
      tests.unshift((row) => wanted[at[row]]);
    };
    if (asked.verdict) coded("verdict", (it) => it[0] === asked.verdict);
    for (const column of ["add_on", "rule", "because", "outcome"]) {
      if (asked[column]) coded(column, (it) => it === asked[column]);
    }
    if (asked.group) coded("path", (it) => it.includes(asked.group));
    if (asked.news) tests.unshift((row) => data.news[row] === 1);
    const descending = asked.sort.startsWith("-");
    const rows = Array.from(order(asked.sort.replace(/^-/, ""))).filter((row) => tests.every((test) => test(row)));
    return descending ? rows.reverse() : rows;
  };

  // Drawing.
  const element = (name, classes, ...children) => {
    const made = document.createElement(name);
    if (classes) made.className = classes;
    made.append(...children);
    return made;
  };
  const bdi = (words, classes) => element("bdi", classes, words);
  const path = (groups) => groups.flatMap((group, at) => (at ? [" ", element("span", "quiet", "›"), " ", bdi(group)] : [bdi(group)]));
  const drawRow = (row) => {
    const [verdict, sign, stance] = text("verdict", row);
    const open = element("button", "open", bdi(data.name[row], "name"));
    open.type = "button";
    open.setAttribute("aria-expanded", "false");
    open.dataset.row = row;
    const head = element("th", "", open);
    head.scope = "row";
    const about = [data.username[row], data.email[row]].filter(Boolean);
    if (about.length) head.append(element("span", "sub", ...about.flatMap((it, at) => (at ? [" · ", bdi(it)] : [bdi(it)]))));
    const mark = element("span", "sign", sign);
    mark.setAttribute("aria-hidden", "true");
    const said = element("td", "", element("span", "verdict", mark, " ", stance));
    const outcome = text("outcome", row);
    if (outcome) said.append(element("span", "sub outcome " + outcome, outcome));
    const before = text("before", row);
    if (before) said.append(element("span", "sub before", before));
    return element("tr", verdict, head, said, element("td", "", bdi(text("reason", row))), element("td", "", bdi(text("rule", row))),
      element("td", "", ...path(text("path", row))), element("td", "", text("add_on", row)));
  };
  const drawDetails = (row) => {
    const list = element("dl", "");
    const say = (term, value) => {
      if (value === "" || value === null) return;
      list.append(element("dt", "", term), element("dd", "", ...[value].flat()));
    };
    const groups = text("path", row);
    if (groups.length) say("Groups, from the rule's", element("ol", "path", ...groups.map((group) => element("li", "", bdi(group)))));
    say("Rule", bdi(text("rule", row)));
    say("Rank", data.rank[row] === null ? "" : String(data.rank[row]));
    say("Because", text("because", row));
    say("Until", text("until", row));
    say("Outcome", text("outcome_because", row) && bdi(text("outcome_because", row)));
    say("Account", data.account[row] === null ? "" : String(data.account[row]));
    say("Matched by", text("matched_by", row));
    say("Seat is seatsync's", text("managed", row));
    say("Source", text("source", row) && bdi(text("source", row)));
    say("Person", data.person[row] && bdi(data.person[row]));
    const cell = element("td", "", list);
    cell.colSpan = 6;
    return element("tr", "details", cell);
  };
  const draw = (most) => {
    const rows = document.createDocumentFragment();
    for (; drawn < Math.min(found.length, most); drawn += 1) rows.append(drawRow(found[drawn]));
    body.append(rows);
    const rest = found.length - drawn;
    one("more").hidden = rest === 0;
    one("more").textContent = `Show ${Math.min(rest, CHUNK)} more of ${rest.toLocaleString("en")}`;
  };

  const show = () => {
    found = find();
    drawn = 0;
    body.replaceChildren();
    draw(CHUNK);
    if (!found.length) {
      const cell = element("td", "", "Nobody answers to this.");
      cell.colSpan = 6;
      body.append(element("tr", "none", cell));
    }
    one("count").value = `${found.length.toLocaleString("en")} of ${total.toLocaleString("en")} rows`;
    one("clear").hidden = Object.keys(nothing).every((key) => asked[key] === nothing[key]);
    for (const chip of one("verdicts").children) chip.setAttribute("aria-pressed", String(chip.dataset.verdict === asked.verdict));
    for (const head of table.tHead.rows[0].cells) {
      const [column, down] = [asked.sort.replace(/^-/, ""), asked.sort.startsWith("-")];
      if (head.dataset.sort === column) head.setAttribute("aria-sort", down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
  };
  const fill = () => {
    one("q").value = asked.q;
    one("news").checked = asked.news !== "";
    for (const field of fields) one(field).value = asked[field];
  };
  const ask = (changes) => {
    asked = { ...asked, ...changes };
    const kept = new URLSearchParams(Object.entries(asked).filter(([, value]) => value));
    history.replaceState(null, "", kept.size ? "#" + kept : location.pathname + location.search);
    show();
  };
  const recall = () => {
    const kept = new URLSearchParams(location.hash.slice(1));
    asked = { ...nothing };
    for (const key of Object.keys(nothing)) asked[key] = kept.get(key) ?? "";
    if (!table.querySelector(`thead [data-sort="${CSS.escape(asked.sort.replace(/^-/, ""))}"]`)) asked.sort = "";
    for (const field of fields) {
      if (![...one(field).options].some((option) => option.value === asked[field])) asked[field] = "";
    }
    fill();
    show();
  };

  // The controls.
  const options = (id, values) => {
    const sorted = [...new Set(values)].filter(Boolean).sort();
    one(id).append(new Option("Any", ""), ...sorted.map((value) => new Option(value, value)));
    one(id).addEventListener("change", (event) => ask({ [id]: event.target.value }));
  };
  for (const id of ["add_on", "rule", "because", "outcome"]) options(id, data[id].texts);
  options("group", data.path.texts.flat());
  one("outcome-field").hidden = !data.outcome.texts.some(Boolean);
  one("news-field").hidden = !data.news.includes(1);
  const counts = new Map();
  for (const place of data.verdict.at) counts.set(place, (counts.get(place) ?? 0) + 1);
  const chip = (verdict, words, count) => {
    const made = element("button", "", words + " ", element("b", "", count.toLocaleString("en")));
    made.type = "button";
    made.dataset.verdict = verdict;
    made.addEventListener("click", () => ask({ verdict: asked.verdict === verdict ? "" : verdict }));
    return made;
  };
  one("verdicts").append(chip("", "All", total));
  data.verdict.texts.forEach(([verdict, , stance], place) => one("verdicts").append(chip(verdict, stance, counts.get(place))));
  for (const head of table.tHead.rows[0].cells) {
    const column = head.dataset.sort;
    const sort = element("button", "", head.textContent);
    sort.type = "button";
    sort.addEventListener("click", () => ask({ sort: asked.sort === column ? "-" + column : column }));
    head.replaceChildren(sort);
  }
  body.addEventListener("click", (event) => {
    const open = event.target.closest(".open");
    if (!open) return;
    const row = open.closest("tr");
    const is_open = open.getAttribute("aria-expanded") === "true";
    open.setAttribute("aria-expanded", String(!is_open));
    if (is_open) row.nextSibling.remove();
    else row.after(drawDetails(Number(open.dataset.row)));
  });
  one("q").addEventListener("input", (event) => ask({ q: event.target.value }));
  one("news").addEventListener("change", (event) => ask({ news: event.target.checked ? "1" : "" }));
  one("filters").addEventListener("submit", (event) => event.preventDefault());
  one("clear").addEventListener("click", () => {
    ask(nothing);
    fill();
    one("q").focus();
  });
  one("more").addEventListener("click", () => draw(drawn + CHUNK));
  addEventListener("hashchange", recall);

  // Paper shows what the filters show; what would fill too many sheets is left out and counted.
  addEventListener("beforeprint", () => {
    draw(MOST_PRINTED);
    const rest = found.length - drawn;
    one("unprinted").hidden = rest === 0;
    one("unprinted").textContent = `${rest.toLocaleString("en")} more rows are not printed: filter them first, or take the report as CSV.`;
  });
  addEventListener("afterprint", () => {
    one("unprinted").hidden = true;
    show();
  });

  one("filters").hidden = false;
  recall();
  // The first sort by a column should be as quick as the second.
  requestIdleCallback(() => [...table.tHead.rows[0].cells].forEach((head) => order(head.dataset.sort)));
})();
