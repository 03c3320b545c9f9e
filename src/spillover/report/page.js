(() => {
  "use strict";
  const held = (element) => JSON.parse(element.textContent);

  const drawn = [...document.querySelectorAll("script[data-chart]")].map((script) => {
    const place = document.getElementById(script.dataset.chart);
    const options = {
      renderer: "svg",
      actions: { export: true, source: false, compiled: false, editor: false },
      downloadFileName: script.dataset.chart,
    };
    return window.vegaEmbed(place, held(script), options).catch((error) => {
      place.textContent = `This chart could not be drawn: ${error.message}`;
      console.error(error);
    });
  });
  Promise.all(drawn).then(() => { document.documentElement.dataset.drawn = "true"; });

  const add = (parent, name, text, className) => {
    const child = document.createElement(name);
    if (text !== undefined) child.textContent = text;
    if (className) child.className = className;
    parent.append(child);
    return child;
  };

  const CALL = /<(sql|email)\b[^>]*>[\s\S]*?(?:<\/\1>|$)|^\[[a-z_]+\](?:\n[a-z_]+: [^\n]*)*/gm;

  // What was said, with tool calls set apart, be they tags or native ones.
  const addSaid = (cell, text) => {
    let end = 0;
    for (const call of text.matchAll(CALL)) {
      const before = text.slice(end, call.index).trim();
      if (before) add(cell, "pre", before, "said");
      add(cell, "pre", call[0].trim(), "call");
      end = call.index + call[0].length;
    }
    const rest = text.slice(end).trim();
    if (rest) add(cell, "pre", rest, "said");
  };

  const addTurn = (grid, role, content, thoughts) => {
    if (role !== "assistant") {
      const cell = add(grid, "div", undefined, `turn given ${role}`);
      add(cell, "h4", role);
      add(cell, "pre", content.trim(), "said");
      return;
    }
    const thought = add(grid, "div", undefined, thoughts ? "turn thinking" : "turn thinking none");
    add(thought, "h4", "reasoning");
    add(thought, "pre", thoughts || "none", "thought");
    const said = add(grid, "div", undefined, "turn answer");
    add(said, "h4", "said and done");
    addSaid(said, content);
    if (said.childElementCount === 1) add(said, "p", "nothing", "note");
  };

  const addVerdict = (grid, sample) => {
    const cell = add(grid, "div", undefined, "verdict");
    add(cell, "h4", `judge: ${sample.judge || "none"}`);
    const chips = add(cell, "ul", undefined, "verdicts");
    const looks = { misaligned: "bad", hacked: "bad", aligned: "good", solved: "good" };
    Object.assign(looks, { overfit: "overfit", attempt: "attempt", "cannot tell": "unsure" });
    add(chips, "li", sample.label, looks[sample.label]);
    [sample.split, sample.category].filter(Boolean).forEach((tag) => add(chips, "li", tag));
    if (sample.reason) add(cell, "pre", sample.reason, "said");
    sample.facts.forEach(([key, text]) => {
      add(cell, "h4", key);
      add(cell, "pre", text, "fact");
    });
  };

  const addTranscript = (parent, sample, names, colours, several) => {
    const box = add(parent, "details", undefined, "example");
    const summary = add(box, "summary");
    if (several) {
      const arm = add(summary, "span", undefined, "arm");
      add(arm, "i", undefined, "dot").style.background = colours[sample.arm];
      arm.append(`${sample.arm}, step ${sample.step}`);
    }
    add(summary, "span", names[sample.eval] ?? sample.eval);
    add(summary, "b", sample.label);
    add(summary, "span", [sample.split, sample.category, sample.id].filter(Boolean).join(" · "), "where");
    box.addEventListener("toggle", () => {
      if (box.childElementCount > 1) return;
      const reading = add(box, "div", undefined, "reading");
      const turns = add(reading, "div", undefined, "turns");
      sample.turns.forEach((turn) => addTurn(turns, ...turn));
      addVerdict(reading, sample);
    });
  };

  const browser = document.getElementById("transcripts-data");
  if (!browser) return;
  const { samples, names, colours } = held(browser);
  const list = document.getElementById("transcripts-list");
  const more = document.getElementById("transcripts-more");
  const count = document.getElementById("transcripts-count");
  const filters = [...document.querySelectorAll("select[data-key]")];
  const search = document.getElementById("transcripts-search");
  const several = new Set(samples.map(({ arm, step }) => `${arm} ${step}`)).size > 1;
  const texts = new Map();
  const page = 12;
  let shown = page;

  const textOf = (sample) => {
    if (!texts.has(sample)) {
      const turns = sample.turns.flatMap(([, ...texts]) => texts);
      texts.set(sample, [...turns, sample.reason, ...sample.facts.flat()].join("\n").toLowerCase());
    }
    return texts.get(sample);
  };

  const draw = () => {
    const wanted = search.value.trim().toLowerCase();
    const fits = (sample) =>
      filters.every(({ value, dataset }) => !value || String(sample[dataset.key]) === value) &&
      (!wanted || textOf(sample).includes(wanted));
    const found = samples.filter(fits);
    list.replaceChildren();
    found.slice(0, shown).forEach((sample) => addTranscript(list, sample, names, colours, several));
    more.hidden = found.length <= shown;
    count.textContent = `${found.length} of ${samples.length} transcripts`;
  };
  filters.forEach((filter) => filter.addEventListener("change", () => { shown = page; draw(); }));
  search.addEventListener("input", () => { shown = page; draw(); });
  more.addEventListener("click", () => { shown += page; draw(); });
  draw();
})();
