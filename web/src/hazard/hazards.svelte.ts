import { api } from '../api/client';
import { Problem } from '../api/problem';
import type { Hazard, HazardState } from '../api/types';
import { view } from '../view/view.svelte';

export const STATES = ['open', 'assigned', 'mended', 'closed'] as const satisfies HazardState[];
/** Pages of the list that are looked through for one hazard: there is no call for a single one. */
const LOOK_UP_PAGES = 5;

/** The hazards of a state, how many there are of each, and the one that is open. */
export class Hazards {
  items: Hazard[] = $state([]);
  next: string | null = $state(null);
  counts: Partial<Record<HazardState, number>> = $state({});
  phase: 'loading' | 'ready' | 'problem' = $state('loading');
  problem: Problem | null = $state(null);
  chosen: Hazard | null = $state(null);
  missing: Problem | null = $state(null);
  #reading: AbortController | null = null;

  get state(): HazardState {
    return STATES.find((state) => state === view.state) ?? 'open';
  }

  #query() {
    return { grid: view.grid, item: view.items[0], severity: view.grades[0] };
  }

  /** Reads list and counts again. `quiet` keeps what is shown until the new is there. */
  async load(quiet = false): Promise<void> {
    this.#reading?.abort();
    const stop = (this.#reading = new AbortController());
    if (!quiet) {
      this.phase = 'loading';
      this.items = [];
    }
    try {
      const shown = this.state;
      const limit = quiet ? Math.max(50, Math.min(1000, this.items.length)) : 50;
      const pages = await Promise.all(
        STATES.map((state) =>
          api.hazards({ ...this.#query(), state, limit: state === shown ? limit : 1 }, stop.signal),
        ),
      );
      STATES.forEach((state, i) => (this.counts[state] = pages[i]!.total ?? 0));
      const page = pages[STATES.indexOf(shown)]!;
      this.items = page.items;
      this.next = page.next;
      this.problem = null;
      this.phase = 'ready';
      const now = this.items.find(({ hazard_id }) => hazard_id === view.hazard);
      if (now) this.#show(now);
      else if (view.hazard && this.chosen?.hazard_id === view.hazard) await this.#refresh(this.chosen, stop.signal);
    } catch (error) {
      if (stop.signal.aborted) return;
      if (!(error instanceof Problem)) throw error;
      this.problem = error;
      this.phase = this.items.length ? 'ready' : 'problem';
    }
  }

  /** Puts a hazard on the card; what was read a moment too early does not take back what was just done. */
  #show(hazard: Hazard): void {
    const shown = this.chosen;
    if (shown?.hazard_id !== hazard.hazard_id || hazard.version >= shown.version) this.chosen = hazard;
  }

  /** The hazard on the card is not on the list: it has moved on, and is asked for by its place. */
  async #refresh({ hazard_id, lon, lat }: Hazard, signal: AbortSignal): Promise<void> {
    if (lon == null || lat == null) return;
    const around = [lon - 1e-5, lat - 1e-5, lon + 1e-5, lat + 1e-5].map((n) => n.toFixed(7)).join(',');
    const { items } = await api.hazards({ bbox: around, limit: 1000 }, signal);
    const now = items.find((hazard) => hazard.hazard_id === hazard_id);
    if (now && view.hazard === hazard_id) this.#show(now);
  }

  async more(): Promise<void> {
    if (!this.next) return;
    try {
      const page = await api.hazards({ ...this.#query(), state: this.state, limit: 50, cursor: this.next });
      const known = new Set(this.items.map(({ hazard_id }) => hazard_id));
      this.items.push(...page.items.filter(({ hazard_id }) => !known.has(hazard_id)));
      this.next = page.next;
      this.problem = null;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.problem = error;
    }
  }

  /** Brings the hazard of the address bar onto the card, wherever it stands. */
  async find(id: string): Promise<void> {
    this.missing = null;
    if (this.chosen?.hazard_id === id) return;
    this.chosen = this.items.find(({ hazard_id }) => hazard_id === id) ?? null;
    // The list may be a moment old.
    if (this.chosen) void this.load(true);
    let cursor: string | null = null;
    try {
      for (let i = 0; i < LOOK_UP_PAGES && !this.chosen && view.hazard === id; i++) {
        const page: Awaited<ReturnType<typeof api.hazards>> = await api.hazards({ limit: 1000, cursor });
        const found = page.items.find(({ hazard_id }) => hazard_id === id);
        if (found && view.hazard === id) this.chosen = found;
        cursor = page.next;
        if (!cursor) break;
      }
      if (!this.chosen) this.missing = new Problem('not_found', 404, { zh: '', en: '' }, { zh: '', en: '' });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.missing = error;
    }
  }
}
