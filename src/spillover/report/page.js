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

  const addTurn = (parent, role, content) => {
    const turn = add(parent, "div", undefined, "turn");
    add(turn, "h4", role);
    const thought = role === "assistant" ? content.match(/^\s*<thinking>([\s\S]*?)(?:<\/thinking>|$)([\s\S]*)$/) : null;
    if (thought) add(turn, "pre", thought[1].trim(), "thought");
    add(turn, "pre", (thought ? thought[2] : content).trim(), "said");
  };

  const addTranscript = (parent, sample, names, colours) => {
    const box = add(parent, "details", undefined, "example");
    const summary = add(box, "summary");
    const arm = add(summary, "span", undefined, "arm");
    add(arm, "i", undefined, "dot").style.background = colours[sample.arm];
    arm.append(sample.arm);
    add(summary, "span", `${names[sample.eval] ?? sample.eval}, step ${sample.step}`);
    add(summary, "b", sample.label);
    add(summary, "span", [...sample.tags, sample.id].join(" · "), "where");
    box.addEventListener("toggle", () => {
      if (box.childElementCount > 1) return;
      sample.turns.forEach(([role, content]) => addTurn(box, role, content));
      if (sample.reason) addTurn(box, "judge's reason", sample.reason);
    });
  };

  const browser = document.getElementById("transcripts-data");
  if (!browser) return;
  const { samples, names, colours } = held(browser);
  const list = document.getElementById("transcripts-list");
  const more = document.getElementById("transcripts-more");
  const count = document.getElementById("transcripts-count");
  const filters = [...document.querySelectorAll("select[data-key]")];
  const page = 12;
  let shown = page;

  const draw = () => {
    const fits = (sample) =>
      filters.every(({ value, dataset }) => !value || String(sample[dataset.key]) === value);
    const found = samples.filter(fits);
    list.replaceChildren();
    found.slice(0, shown).forEach((sample) => addTranscript(list, sample, names, colours));
    more.hidden = found.length <= shown;
    count.textContent = `${found.length} of ${samples.length} transcripts`;
  };
  filters.forEach((filter) => filter.addEventListener("change", () => { shown = page; draw(); }));
  more.addEventListener("click", () => { shown += page; draw(); });
  draw();
})();
