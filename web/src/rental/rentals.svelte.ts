import { api } from '../api/client';
import { Problem } from '../api/problem';
import type { HeatSummary, Rental, RentalDetail } from '../api/types';
import { view } from '../view/view.svelte';
import { GRADES } from './item';

/** The rentals in view, the numbers of the heatmap over them, and the rental that is open. */
export class Rentals {
  items: Rental[] = $state([]);
  total = $state(0);
  next: string | null = $state(null);
  summary: HeatSummary | null = $state(null);
  phase: 'loading' | 'ready' | 'problem' = $state('loading');
  problem: Problem | null = $state(null);
  detail: RentalDetail | null = $state(null);
  detailProblem: Problem | null = $state(null);
  #reading: AbortController | null = null;

  /** `bounds` says what is in view: "west,south,east,north", or null before there is a map. */
  constructor(private readonly bounds: () => string | null) {}

  readonly filtered = $derived(!!(view.items.length || view.grades.length || view.inspected));
  /** Open hazards by check item, of the chosen grades. */
  readonly byItem = $derived(
    Object.fromEntries(
      (this.summary?.items ?? []).map((row) => [
        row.item,
        (view.grades.length ? view.grades : [...GRADES]).reduce((sum, grade) => sum + (row[grade as 'minor'] ?? 0), 0),
      ]),
    ),
  );
  /** Open hazards by grade, of the chosen items. */
  readonly byGrade = $derived(
    GRADES.map((grade) => ({
      grade,
      n: (this.summary?.items ?? [])
        .filter((row) => !view.items.length || view.items.includes(row.item))
        .reduce((sum, row) => sum + row[grade], 0),
    })),
  );
  /** Open hazards of the chosen items and grades. */
  readonly hazards = $derived(
    this.byGrade
      .filter(({ grade }) => !view.grades.length || view.grades.includes(grade))
      .reduce((sum, { n }) => sum + n, 0),
  );

  async load(cursor: string | null = null): Promise<void> {
    if (!cursor) this.#reading?.abort();
    const stop = cursor ? new AbortController() : (this.#reading = new AbortController());
    if (!this.items.length) this.phase = 'loading';
    const bbox = this.bounds();
    const { grid, items: item, grades: severity, inspected } = view;
    try {
      const [page, heat] = await Promise.all([
        api.rentals({ bbox, grid, item, severity, inspected, limit: 50, cursor }, stop.signal),
        cursor ? this.summary : api.heat({ bbox, grid }, stop.signal),
      ]);
      this.items = cursor ? [...this.items, ...page.items] : page.items;
      this.total = page.total ?? this.items.length;
      this.next = page.next;
      this.summary = heat;
      this.phase = 'ready';
      this.problem = null;
    } catch (error) {
      if (stop.signal.aborted) return;
      this.problem = error instanceof Problem ? error : null;
      this.phase = this.items.length ? 'ready' : 'problem';
    }
  }

  async more(): Promise<void> {
    await this.load(this.next);
  }

  async loadDetail(): Promise<void> {
    const id = view.rental;
    if (!id) return;
    this.detailProblem = null;
    if (this.detail?.rental_id !== id) this.detail = null;
    try {
      const read = await api.rental(id, 'inspection');
      if (view.rental === id) this.detail = read;
    } catch (error) {
      if (error instanceof Problem) this.detailProblem = error;
    }
  }

  stop(): void {
    this.#reading?.abort();
  }
}
