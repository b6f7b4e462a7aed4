// Charts on canvas. The figures come from the table beside each chart, so that both always say the same.
import { BarChart, HeatmapChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent, VisualMapComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

echarts.use([BarChart, HeatmapChart, LineChart, GridComponent, LegendComponent, TooltipComponent, VisualMapComponent, AriaComponent, CanvasRenderer]);

// Okabe and Ito's set: told apart with every common kind of colour vision. The server names a series' colour.
const drawn = new Map();

function colours() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim();
  return { ink: read("--color-base-content"), quiet: read("--quiet"), rule: read("--color-base-300"), wash: read("--wash"), paper: read("--color-base-100"), accent: read("--color-primary") };
}

// A figure in kilograms with Indian grouping, as the page prints it.
const grouped = new Intl.NumberFormat("en-IN", { maximumFractionDigits: 5 });

function readTable(table) {
  const heads = [...table.querySelectorAll("thead th")].slice(1);
  const rows = [...table.querySelectorAll("tbody tr")];
  return {
    labels: rows.map((row) => row.querySelector("th").textContent.trim()),
    series: heads
      .map((head, column) => ({
        name: head.textContent.trim(),
        // What is summed over services has the colour of none of them.
        colour: head.dataset.colour ?? colours().accent,
        total: head.hasAttribute("data-total"),
        // A cell without a figure is no zero: bars leave it out, and the heat map leaves its place empty.
        values: rows.map((row) => row.querySelectorAll("td")[column]?.dataset.value).map((value) => (value === undefined ? null : Number(value))),
      }))
      .filter((series) => !series.total),
  };
}

// A day as people say it beside a chart: its number; the month stands in the heading.
const dayOf = (label) => String(Number(label.slice(-2)));

// "stacked" adds up, and "days" are its days of one month; "side" puts two answers to one question beside each other;
// "against" draws the second as a line.
function bars(data, unit, kind) {
  const c = colours();
  return {
    animation: false,
    aria: { enabled: true, decal: { show: false } },
    textStyle: { fontFamily: "Inter, sans-serif", color: c.quiet },
    grid: { left: 8, right: 8, top: 36, bottom: data.series.length > 1 ? 44 : 8, containLabel: true },
    legend: { show: data.series.length > 1, bottom: 0, left: 0, itemWidth: 10, itemHeight: 10, icon: "rect", textStyle: { color: c.quiet, fontSize: 12 }, type: "plain" },
    tooltip: {
      trigger: "axis",
      renderMode: "richText",
      axisPointer: { type: "shadow" },
      backgroundColor: c.paper,
      borderColor: c.quiet,
      textStyle: { color: c.ink, fontSize: 12 },
      valueFormatter: (value) => `${grouped.format(value)} ${unit}`,
    },
    xAxis: {
      type: "category",
      data: data.labels,
      axisLine: { lineStyle: { color: c.quiet } },
      axisTick: { show: false },
      axisLabel: kind === "days" ? { color: c.quiet, fontSize: 12, formatter: dayOf, interval: 4 } : { color: c.quiet, fontSize: 12 },
    },
    yAxis: {
      type: "value",
      name: unit,
      nameTextStyle: { color: c.quiet, fontSize: 12, align: "left" },
      axisLabel: { color: c.quiet, fontSize: 12, formatter: (value) => grouped.format(value) },
      splitLine: { lineStyle: { color: c.rule } },
    },
    series: data.series.map((series, place) => ({
      name: series.name,
      type: kind === "against" && place === 1 ? "line" : "bar",
      step: "middle",
      symbol: "none",
      lineStyle: { color: series.colour, width: 2 },
      stack: kind === "stacked" || kind === "days" ? "all" : undefined,
      barMaxWidth: 44,
      itemStyle: { color: series.colour, borderColor: c.paper, borderWidth: 0.5 },
      data: series.values,
    })),
  };
}

function heat(data, unit) {
  const c = colours();
  const cells = data.series.flatMap((series, x) => series.values.map((value, y) => [x, y, value])).filter((cell) => cell[2] !== null);
  const most = Math.max(...cells.map((cell) => cell[2]), 0.001);
  const axis = { type: "category", axisTick: { show: false }, axisLine: { show: false }, splitArea: { show: false } };
  return {
    animation: false,
    aria: { enabled: true },
    textStyle: { fontFamily: "Inter, sans-serif", color: c.quiet },
    grid: { left: 4, right: 4, top: 4, bottom: 48, containLabel: true },
    tooltip: {
      renderMode: "richText",
      backgroundColor: c.paper,
      borderColor: c.quiet,
      textStyle: { color: c.ink, fontSize: 12 },
      formatter: ({ value }) => `${data.labels[value[1]]} ${data.series[value[0]].name}:00 UTC\n${grouped.format(value[2])} ${unit}`,
    },
    xAxis: { ...axis, data: data.series.map((series) => series.name), axisLabel: { color: c.quiet, fontSize: 12, interval: 2 } },
    yAxis: { ...axis, data: data.labels, inverse: true, axisLabel: { color: c.quiet, fontSize: 12, formatter: dayOf, interval: 4 } },
    visualMap: {
      min: 0,
      max: most,
      orient: "horizontal",
      left: 0,
      bottom: 0,
      itemWidth: 12,
      itemHeight: 120,
      text: [`${grouped.format(most)} ${unit}`, "0"],
      textStyle: { color: c.quiet, fontSize: 12 },
      inRange: { color: [c.wash, c.accent] },
    },
    series: [{ type: "heatmap", data: cells, itemStyle: { borderColor: c.paper, borderWidth: 1 } }],
  };
}

function draw(place) {
  const table = document.getElementById(place.dataset.table);
  if (!table) return;
  const chart = drawn.get(place) ?? echarts.init(place, null, { renderer: "canvas" });
  drawn.set(place, chart);
  const data = readTable(table);
  const unit = place.dataset.unit;
  chart.setOption(place.dataset.chart === "heat" ? heat(data, unit) : bars(data, unit, place.dataset.chart), true);
}

// A little before it comes into view, so that nobody scrolls onto an empty place.
const seen = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting) {
        seen.unobserve(entry.target);
        draw(entry.target);
      }
    }
  },
  { rootMargin: "1200px" },
);
function watch(scope) {
  for (const place of scope.querySelectorAll("[data-chart]")) {
    if (drawn.has(place)) continue;
    // Hidden until a script is there to draw; a hidden place would never come into view.
    place.hidden = false;
    seen.observe(place);
  }
}

document.fonts.ready.then(() => watch(document));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawn.forEach((_, place) => draw(place)));
document.addEventListener("theme:changed", () => drawn.forEach((_, place) => draw(place)));
addEventListener("resize", () => drawn.forEach((chart) => chart.resize()));
addEventListener("beforeprint", () => drawn.forEach((chart) => chart.resize()));
