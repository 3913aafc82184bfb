import { MediaQuery } from 'svelte/reactivity';

/** Wide enough for a list beside the map. */
export const desk = new MediaQuery('min-width: 900px');
