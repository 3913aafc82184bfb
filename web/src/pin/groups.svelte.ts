import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import { api } from '../api/client';
import { attempt, type Attempt } from '../api/id';
import { Problem } from '../api/problem';
import { session } from '../api/session.svelte';
import type { FlagGroup, FlagGroupDetail, Mend, Stale } from '../api/types';
import { sayProblem, t } from '../i18n/language.svelte';
import { complain, tell } from '../part/toast.svelte';
import { go, view } from '../view/view.svelte';

const asProblem = (error: unknown): Problem | null => (error instanceof Problem ? error : null);
/** How long the bar with the undo of the last mend stays. */
const DAY_MS = 86_400_000;

/** Batches with one cause: the list of them, the one that is open with its preview, and what is done about it. */
export class Groups {
  list: FlagGroup[] = $state([]);
  problem: Problem | null = $state(null);

  open: FlagGroupDetail | null = $state(null);
  openProblem: Problem | null = $state(null);
  /** Members that are left as they are. */
  readonly out = new SvelteSet<string>();
  /** Members that were not as they had been shown, and why. */
  readonly stale = new SvelteMap<string, Stale['why']>();
  /** How many the server refused last for that. */
  refused = $state(0);
  /** The member that somebody points at. */
  pointed: string | null = $state(null);

  saving = $state(false);
  failed: Problem | null = $state(null);
  /** The mend that the open card has just made. */
  done: Mend | null = $state(null);
  /** The last mend, for as long as it is offered to take it back. */
  last: Mend | null = $state(null);
  undoing = $state(false);

  #list: AbortController | null = null;
  #card: AbortController | null = null;
  #attempt: Attempt | null = null;
  #onchange: () => void;

  /** `onchange` is called when pins have moved. */
  constructor(onchange: () => void) {
    this.#onchange = onchange;
  }

  get chosen(): boolean {
    return !!view.group;
  }
  get may(): boolean {
    return session.me?.rights.includes('Mend') ?? false;
  }
  /** Pins in the listed groups. */
  get pins(): number {
    return this.list.reduce((sum, { pins }) => sum + pins, 0);
  }
  /** The members that would be moved. */
  get going() {
    return this.open?.members.filter(({ address_id }) => !this.out.has(address_id)) ?? [];
  }

  /** Reads the list again, and the last mend. */
  async load(): Promise<void> {
    this.#list?.abort();
    const stop = (this.#list = new AbortController());
    try {
      const query = { rule: view.rule, severity: view.severity, grid: view.grid, limit: 200 };
      this.list = (await api.groups(query, stop.signal)).items;
      this.problem = null;
    } catch (error) {
      if (stop.signal.aborted) return;
      this.problem = asProblem(error);
    }
    if (this.may) await this.#loadLast();
  }

  async #loadLast(): Promise<void> {
    try {
      const { items } = await api.mends({ limit: 5 });
      this.last = items.find((mend) => !mend.undone_at && Date.now() - Date.parse(mend.made_at) < DAY_MS) ?? null;
    } catch {
      // Without it there is no bar; the strip tells of the line.
    }
  }

  /** Opens a group; the page reads it when the address says so. */
  select(group: Pick<FlagGroup, 'group_id'>): void {
    go({ group: group.group_id, flag: null, address: null }, true);
  }

  close(): void {
    this.#clear();
    go({ group: null }, true);
  }

  #clear(): void {
    this.open = null;
    this.openProblem = null;
    this.out.clear();
    this.stale.clear();
    this.refused = 0;
    this.pointed = null;
    this.failed = null;
    this.done = null;
  }

  /** Reads the open group with its pins. What was left out stays so. */
  async loadCard(quiet = false): Promise<void> {
    this.#card?.abort();
    const id = view.group;
    if (this.open?.group_id !== id && this.done?.group_id !== id) this.#clear();
    if (!id || this.done) return;
    const stop = (this.#card = new AbortController());
    if (!quiet) this.openProblem = null;
    try {
      const open = await api.group(id, stop.signal);
      const members = new Set(open.members.map(({ address_id }) => address_id));
      for (const address of this.out) if (!members.has(address)) this.out.delete(address);
      this.open = open;
      this.openProblem = null;
    } catch (error) {
      if (stop.signal.aborted) return;
      const problem = asProblem(error);
      // Somebody has mended it meanwhile: what was shown is no more.
      if (problem?.kind === 'not_found') this.open = null;
      this.openProblem = problem;
    }
  }

  toggle(address: string): void {
    if (!this.out.delete(address)) this.out.add(address);
  }
  toggleAll(): void {
    const all = this.out.size === 0;
    this.out.clear();
    if (all) this.open?.members.forEach(({ address_id }) => this.out.add(address_id));
  }

  /** Moves the pins that are not left out, all or none. */
  async mend(): Promise<void> {
    const { open } = this;
    if (!open || this.saving || !this.may || this.going.length === 0) return;
    this.saving = true;
    this.failed = null;
    this.refused = 0;
    const members = this.going.map(({ address_id, base_version, to }) => ({ address_id, base_version, to }));
    this.#attempt = attempt(this.#attempt, [open.group_id, members]);
    try {
      const made = await api.mend(open.group_id, { mend_id: this.#attempt.id, members });
      this.#attempt = null;
      this.done = made;
      this.last = made;
      this.#onchange();
      void this.load();
    } catch (error) {
      const problem = asProblem(error);
      if (!problem) throw error;
      const stale = problem.kind === 'conflict' ? staleOf(problem.current) : [];
      if (stale.length) {
        for (const { address_id, why } of stale) this.stale.set(address_id, why);
        this.refused = stale.length;
        // They are left out until somebody has looked at them again.
        for (const { address_id } of stale) this.out.add(address_id);
        await this.loadCard(true);
      } else this.failed = problem;
    } finally {
      this.saving = false;
    }
  }

  /** Puts the pins of a mend back where they stood. */
  async undo(mend: Mend): Promise<void> {
    if (this.undoing) return;
    this.undoing = true;
    try {
      const { restored, kept } = await api.undoMend(mend.mend_id);
      tell(t(kept.length ? 'mend_undone_kept' : 'mend_undone', { n: restored, kept: kept.length }));
      this.last = null;
      if (this.done) {
        this.done = null;
        this.out.clear();
        this.stale.clear();
      }
      this.#onchange();
      void this.load();
      void this.loadCard(true);
    } catch (error) {
      const problem = asProblem(error);
      if (!problem) throw error;
      complain(sayProblem(problem));
    } finally {
      this.undoing = false;
    }
  }
}

/** What a conflict names. */
function staleOf(current: unknown): Stale[] {
  const { stale } = (current ?? {}) as { stale?: unknown };
  return Array.isArray(stale) ? (stale as Stale[]) : [];
}
