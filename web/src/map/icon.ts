import type { Map } from 'maplibre-gl';
import { ACTION, GRADE, INK, SEVERITY, UNINSPECTED } from './colour';

/** Pictures are drawn here, twice as fine as the map, so that none has to be fetched. */
const RATIO = 2;

function draw(size: number, paint: (pen: CanvasRenderingContext2D, middle: number) => void): ImageData {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = size * RATIO;
  const pen = canvas.getContext('2d')!;
  pen.scale(RATIO, RATIO);
  pen.lineJoin = 'round';
  pen.lineCap = 'round';
  paint(pen, size / 2);
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}

function shape(pen: CanvasRenderingContext2D, points: [number, number][]): void {
  pen.beginPath();
  points.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
  pen.closePath();
}

/** Outline in white, then the shape, so that it stands out on any ground. */
function filled(pen: CanvasRenderingContext2D, colour: string): void {
  pen.lineWidth = 4;
  pen.strokeStyle = '#fff';
  pen.stroke();
  pen.fillStyle = colour;
  pen.fill();
}

const diamond = (pen: CanvasRenderingContext2D, m: number, r: number, colour: string) => {
  shape(pen, [
    [m, m - r],
    [m + r, m],
    [m, m + r],
    [m - r, m],
  ]);
  filled(pen, colour);
};
const triangle = (pen: CanvasRenderingContext2D, m: number, r: number, colour: string) => {
  shape(pen, [
    [m, m - r],
    [m + r, m + r * 0.8],
    [m - r, m + r * 0.8],
  ]);
  filled(pen, colour);
};
const ring = (pen: CanvasRenderingContext2D, m: number, r: number, colour: string) => {
  pen.beginPath();
  pen.arc(m, m, r, 0, 2 * Math.PI);
  pen.fillStyle = '#fff';
  pen.strokeStyle = '#fff';
  pen.lineWidth = 6;
  pen.stroke();
  pen.fill();
  pen.strokeStyle = colour;
  pen.lineWidth = 2.5;
  pen.stroke();
};
const hatch = (pen: CanvasRenderingContext2D, m: number, r: number) => {
  pen.beginPath();
  pen.arc(m, m, r, 0, 2 * Math.PI);
  filled(pen, '#fff');
  pen.save();
  pen.clip();
  pen.strokeStyle = UNINSPECTED;
  pen.lineWidth = 1.5;
  for (let x = -2 * r; x <= 2 * r; x += 4) {
    pen.beginPath();
    pen.moveTo(m + x - r, m + r);
    pen.lineTo(m + x + r, m - r);
    pen.stroke();
  }
  pen.restore();
  pen.beginPath();
  pen.arc(m, m, r, 0, 2 * Math.PI);
  pen.strokeStyle = '#5d666c';
  pen.lineWidth = 1.5;
  pen.stroke();
};
const pin = (pen: CanvasRenderingContext2D, m: number, fill: string, line: string) => {
  pen.beginPath();
  pen.moveTo(m, m + 15);
  pen.bezierCurveTo(m - 6, m + 7, m - 11, m + 2, m - 11, m - 5);
  pen.arc(m, m - 5, 11, Math.PI, 0);
  pen.bezierCurveTo(m + 11, m + 2, m + 6, m + 7, m, m + 15);
  pen.closePath();
  pen.lineWidth = 4;
  pen.strokeStyle = '#fff';
  pen.stroke();
  pen.fillStyle = fill;
  pen.fill();
  pen.lineWidth = 2;
  pen.strokeStyle = line;
  pen.stroke();
  pen.beginPath();
  pen.arc(m, m - 5, 4, 0, 2 * Math.PI);
  pen.fillStyle = fill === '#fff' ? line : '#fff';
  pen.fill();
};

const PICTURES: Record<string, () => ImageData> = {
  'severity-error': () => draw(24, (pen, m) => diamond(pen, m, 8, SEVERITY.error)),
  'severity-warning': () => draw(24, (pen, m) => triangle(pen, m, 7.5, SEVERITY.warning)),
  'severity-info': () => draw(24, (pen, m) => ring(pen, m, 5.5, SEVERITY.info)),
  'hazard-major': () => draw(26, (pen, m) => diamond(pen, m, 9, GRADE.major)),
  'hazard-serious': () => draw(24, (pen, m) => triangle(pen, m, 7.5, GRADE.serious)),
  'hazard-minor': () =>
    draw(22, (pen, m) => {
      pen.beginPath();
      pen.arc(m, m, 6, 0, 2 * Math.PI);
      filled(pen, GRADE.minor);
      pen.strokeStyle = '#a06a00';
      pen.lineWidth = 1.25;
      pen.stroke();
    }),
  'rental-never': () => draw(22, (pen, m) => hatch(pen, m, 7)),
  'rental-ok': () =>
    draw(14, (pen, m) => {
      pen.beginPath();
      pen.arc(m, m, 3.5, 0, 2 * Math.PI);
      filled(pen, '#4c8c7a');
    }),
  'pin-old': () => draw(40, (pen, m) => pin(pen, m, '#fff', '#65737a')),
  'pin-new': () => draw(40, (pen, m) => pin(pen, m, ACTION, '#0f3f94')),
  'pin-here': () => draw(40, (pen, m) => pin(pen, m, INK, '#000')),
  arrow: () =>
    draw(18, (pen, m) => {
      shape(pen, [
        [m, m - 6],
        [m + 6, m + 5],
        [m, m + 2],
        [m - 6, m + 5],
      ]);
      filled(pen, ACTION);
    }),
  hatch: () => {
    // A tile that repeats without a seam: lines of 45 degrees, period 8.
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 16;
    const pen = canvas.getContext('2d')!;
    pen.strokeStyle = '#7b858b';
    pen.lineWidth = 2;
    for (let x = -16; x <= 16; x += 8) {
      pen.beginPath();
      pen.moveTo(x, 16);
      pen.lineTo(x + 16, 0);
      pen.stroke();
    }
    return pen.getImageData(0, 0, 16, 16);
  },
};

/** Draws a picture the first time that a layer asks for it. */
export function drawPictures(map: Map): void {
  for (const [name, picture] of Object.entries(PICTURES)) {
    if (!map.hasImage(name)) map.addImage(name, picture(), { pixelRatio: RATIO });
  }
}
