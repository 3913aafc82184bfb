import type { LayerSpecification } from 'maplibre-gl';
import { expect, it } from 'vitest';
import care from '../../../tiles/care/style.json';
import { CARE_BANDS } from '../format/care';
import { careColours, careLayers } from './coverage';
import type { Site } from './ground';

const site: Site = {
  style: { version: 8, sources: {}, layers: care as LayerSpecification[] },
  config: null,
  basemap: null,
};

it("takes the bands' colours from the server's style", () => {
  const colours = careColours(site);
  expect(Object.keys(colours)).toEqual([...CARE_BANDS]);
  for (const colour of Object.values(colours)) expect(colour).toMatch(/^#[0-9a-f]{6}$/);
});

it('draws another group by the same rules, and none when none is chosen', () => {
  const layers = careLayers(site, 'disabled');
  expect(layers.map(({ id }) => id)).toEqual(['care-fill', 'care-hidden', 'care-line']);
  expect(JSON.stringify(layers)).toContain('group_disabled');
  expect(JSON.stringify(layers)).not.toContain('group_over_80');
  expect(layers.map(({ layout }) => layout?.visibility)).toEqual(['visible', 'visible', 'visible']);
  expect(careLayers(site, null).map(({ layout }) => layout?.visibility)).toEqual(['none', 'none', 'none']);
});
