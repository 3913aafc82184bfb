import type { LayerSpecification, StyleSpecification } from 'maplibre-gl';
import type { Config } from '../api/types';

/** What a map is made of: the server's style for the role, and the site's own basemap. */
export interface Site {
  style: StyleSpecification;
  config: Config | null;
  /** The site's own vector basemap, where it has one. */
  basemap: StyleSpecification | null;
}

/** Text in the system's own fonts: without `glyphs` the map draws every letter itself. */
export const FONT = ['PingFang SC, Noto Sans SC, Noto Sans CJK SC, Source Han Sans SC, Microsoft YaHei, sans-serif'];

/**
 * The server's style cut to the layers that a page is about. How a layer looks is said in `tiles/<layer>/style.json`
 * and nowhere else; pages add only what somebody has chosen. Style layers whose id begins with one of `without` are
 * left out: the page draws them by its own choice.
 */
export function ground(site: Site, layers: string[], without: string[] = []): StyleSpecification {
  const sources = Object.entries(site.style.sources).filter(([name]) => layers.includes(name));
  const style: StyleSpecification = {
    version: 8,
    sources: Object.fromEntries(
      sources.map(([name, source]) => [
        name,
        'tiles' in source
          ? {
              ...source,
              tiles: source.tiles?.map((url) =>
                new URL(url, location.origin).href.replaceAll('%7B', '{').replaceAll('%7D', '}'),
              ),
            }
          : source,
      ]),
    ),
    layers: [],
  };
  const own = site.style.layers.filter(
    (layer) =>
      (!('source' in layer) || (layer.source as string) in style.sources) &&
      !without.some((start) => layer.id.startsWith(start)),
  );
  const paper = own.filter(({ type }) => type === 'background');
  style.layers.push(...paper, ...basemap(site, style), ...own.filter(({ type }) => type !== 'background'));
  if (site.config?.basemap) {
    // On a basemap the ground is its own.
    style.layers = style.layers.map((layer) =>
      layer.id === 'grid-fill' && layer.type === 'fill'
        ? { ...layer, paint: { ...layer.paint, 'fill-opacity': 0 } }
        : layer,
    );
  }
  return style;
}

/** The basemap's layers; its sources go into `style`. */
function basemap({ config, basemap: vector }: Site, style: StyleSpecification): LayerSpecification[] {
  const layers: LayerSpecification[] = [];
  if (config?.basemap?.kind === 'raster') {
    const { url, attribution } = config.basemap;
    style.sources.basemap = { type: 'raster', tiles: [url], tileSize: 256, attribution };
    layers.push({
      id: 'basemap',
      type: 'raster',
      source: 'basemap',
      paint: { 'raster-opacity': 0.75, 'raster-saturation': -0.6 },
    });
  }
  if (vector) {
    // Its own glyphs are left out: text is drawn here. Names get a prefix, so that they meet none of ours.
    for (const [name, spec] of Object.entries(vector.sources)) style.sources[`basemap-${name}`] = spec;
    if (vector.sprite) style.sprite = vector.sprite;
    for (const layer of vector.layers) {
      if (layer.type === 'background') continue;
      layers.push({ ...layer, id: `basemap-${layer.id}`, source: `basemap-${layer.source}` } as LayerSpecification);
    }
  }
  return layers;
}
