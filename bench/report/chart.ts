// A line chart as SVG, readable on light and dark pages: sizes along a logarithmic axis, cost from zero up. Pure.

export type Line = { label: string; points: { x: number; y: number }[] };

export type Chart = { title: string; x_title: string; y_title: string; lines: Line[] };

const WIDTH = 760;
const HEIGHT = 420;
const PLOT = { left: 70, top: 56, right: 560, bottom: 360 };

/** Told apart by people who see colours differently (Okabe and Ito), and each line has its label beside it. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'];

const STYLE = `
    svg { color-scheme: light dark; font: 13px system-ui, sans-serif; }
    text { fill: #24292f; } .title { font-weight: 600; font-size: 15px; }
    .axis { stroke: #57606a; } .grid { stroke: #d0d7de; } .line { fill: none; stroke-width: 2.5; }
    @media (prefers-color-scheme: dark) { text { fill: #e6edf3; } .axis { stroke: #8b949e; } .grid { stroke: #30363d; } }`;

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

/** The least of 1, 2, 5, 10, 20, … that is at least a fifth of the range: four or five lines across the plot. */
export function tickStep(greatest: number): number {
  const rough = greatest / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((one) => one * power >= rough) ?? 10;
  return factor * power;
}

const COUNTS = new Intl.NumberFormat('en', { notation: 'compact' });

type Scale = { x: (value: number) => number; y: (value: number) => number; top: number; step: number };

function scaleOf(lines: readonly Line[]): Scale {
  const xs = lines.flatMap(({ points }) => points.map(({ x }) => Math.log10(x)));
  const [least, greatest] = [Math.min(...xs), Math.max(...xs)];
  const step = tickStep(Math.max(...lines.flatMap(({ points }) => points.map(({ y }) => y))));
  const top = step * Math.ceil(Math.max(...lines.flatMap(({ points }) => points.map(({ y }) => y))) / step);
  const width = PLOT.right - PLOT.left;
  return {
    x: (value) =>
      greatest === least
        ? PLOT.left + width / 2
        : PLOT.left + ((Math.log10(value) - least) / (greatest - least)) * width,
    y: (value) => PLOT.bottom - (value / top) * (PLOT.bottom - PLOT.top),
    top,
    step,
  };
}

const at = (value: number) => value.toFixed(1);

function horizontalGrid({ y, top, step }: Scale): string {
  const ticks = Array.from({ length: Math.round(top / step) + 1 }, (_, index) => index * step);
  return ticks
    .map(
      (tick) =>
        `<line class="${tick === 0 ? 'axis' : 'grid'}" x1="${PLOT.left}" x2="${PLOT.right}" y1="${at(y(tick))}" y2="${at(y(tick))}"/>` +
        `<text x="${PLOT.left - 8}" y="${at(y(tick) + 4)}" text-anchor="end">${COUNTS.format(tick)}</text>`,
    )
    .join('\n  ');
}

function sizeLabels({ x }: Scale, lines: readonly Line[]): string {
  const sizes = [...new Set(lines.flatMap(({ points }) => points.map((point) => point.x)))];
  return sizes
    .map(
      (size) => `<text x="${at(x(size))}" y="${PLOT.bottom + 20}" text-anchor="middle">${COUNTS.format(size)}</text>`,
    )
    .join('\n  ');
}

/** Where the labels go: at the ends of their lines, moved down where two would overlap. */
export function labelPlaces(ends: readonly number[], least_distance: number): number[] {
  const order = ends.map((end, index) => ({ end, index })).toSorted((one, other) => one.end - other.end);
  const places: number[] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const { end, index } of order) {
    last = Math.max(end, last + least_distance);
    places[index] = last;
  }
  return places;
}

function drawLine({ points }: Line, colour: string, { x, y }: Scale): string {
  const path = points.map((point) => `${at(x(point.x))},${at(y(point.y))}`).join(' ');
  const dots = points.map(
    (point) => `<circle cx="${at(x(point.x))}" cy="${at(y(point.y))}" r="3.5" fill="${colour}"/>`,
  );
  return `<polyline class="line" stroke="${colour}" points="${path}"/>${dots.join('')}`;
}

/** The whole file. @throws when there is nothing to draw */
export function drawChart({ title, x_title, y_title, lines }: Chart): string {
  if (lines.length === 0 || lines.some(({ points }) => points.length === 0)) throw new Error('nothing to draw');
  const scale = scaleOf(lines);
  const colour = (index: number) => COLOURS[index % COLOURS.length] ?? '#000';
  const places = labelPlaces(
    lines.map(({ points }) => scale.y(points.at(-1)?.y ?? 0)),
    17,
  );
  // The words in the page's own colour: a line's is not dark or light enough for text on every page.
  const labels = lines.map(({ label }, index) => {
    const y = at((places[index] ?? 0) + 4);
    return `<text x="${PLOT.right + 12}" y="${y}"><tspan style="fill: ${colour(index)}">●</tspan> ${escape(label)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${escape(title)}">
  <style>${STYLE}
  </style>
  <text class="title" x="${PLOT.left}" y="24">${escape(title)}</text>
  <text x="${PLOT.left}" y="44">${escape(y_title)}</text>
  ${horizontalGrid(scale)}
  ${sizeLabels(scale, lines)}
  <text x="${(PLOT.left + PLOT.right) / 2}" y="${PLOT.bottom + 42}" text-anchor="middle">${escape(x_title)}</text>
  ${lines.map((line, index) => drawLine(line, colour(index), scale)).join('\n  ')}
  ${labels.join('\n  ')}
</svg>
`;
}
