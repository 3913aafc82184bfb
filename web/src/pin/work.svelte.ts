import { api } from '../api/client';
import { attempt, newId, type Attempt } from '../api/id';
import { Problem } from '../api/problem';
import type { Address, Change, Correction, Flag, Signal } from '../api/types';
import { distanceM, isOnEarth, type LonLat } from '../geo/measure';
import { sayDay, sayMetres, sayProblem, sayWay, t, tc } from '../i18n/language.svelte';
import { complain, tell } from '../part/toast.svelte';
import { go, view } from '../view/view.svelte';
import { device, type Fix } from './device.svelte';

const PAGE = 50;
const asProblem = (error: unknown): Problem | null => (error instanceof Problem ? error : null);

/** The pin of an address, if it is on earth. */
export function pinOf(address: Address | null): LonLat | null {
  if (!address || address.lon == null || address.lat == null) return null;
  const at = { lon: address.lon, lat: address.lat };
  return isOnEarth(at) ? at : null;
}

/** What would take a change back, as long as nobody came in between; null where nothing can. */
export function inverse(change: Change, before: Address): Change | null {
  if (change.kind === 'move') {
    return before.lon == null || before.lat == null ? null : { kind: 'move', lon: before.lon, lat: before.lat };
  }
  if (change.kind === 'set') {
    const { field } = change;
    const value =
      field === 'grid_code' ? before.grid_code : field === 'full_text' ? before.full_text : before.parts[field];
    return { kind: 'set', field, value: value ?? '' };
  }
  return null;
}

interface Conflict {
  change: Change;
  note: string;
  current: Address;
  seen: Address;
}

/** The collector's work: the list of flags, the one that is open, and what is done about it. */
export class Work {
  flags: Flag[] = $state([]);
  total = $state(0);
  next: string | null = $state(null);
  phase: 'loading' | 'ready' | 'problem' = $state('loading');
  problem: Problem | null = $state(null);
  /** Where distances are counted from. */
  near: LonLat | null = $state(null);
  nearIs: 'device' | 'centre' = $state('centre');

  flag: Flag | null = $state(null);
  address: Address | null = $state(null);
  signals: Signal[] | null = $state(null);
  cardProblem: Problem | null = $state(null);
  /** Why there is no evidence now. */
  signalsProblem: Problem | null = $state(null);
  /** A place that an evidence row is pointing at. */
  pointed: LonLat | null = $state(null);

  saving = $state(false);
  /** Why the last change was not stored; it stays to be read until the next try. */
  failed: Problem | null = $state(null);
  moving = $state(false);
  conflict: Conflict | null = $state(null);
  /** The last thing saved on the open card. */
  done: string | null = $state(null);
  #list: AbortController | null = null;
  #card: AbortController | null = null;
  /** The change that was sent last and not confirmed: sent again, it is the same one. */
  #attempt: Attempt | null = null;
  #observed: Fix | null = null;

  get chosen(): boolean {
    return !!(this.flag || view.address);
  }

  /** Reads the list again. `quiet` keeps what is shown until the new is there. */
  async load(quiet = false): Promise<void> {
    this.#list?.abort();
    const stop = (this.#list = new AbortController());
    if (!quiet) {
      this.phase = 'loading';
      this.flags = [];
    }
    try {
      const limit = quiet ? Math.max(PAGE, Math.min(200, this.flags.length)) : PAGE;
      const page = await api.flags({ ...this.#query(), limit }, stop.signal);
      this.flags = page.items;
      this.total = page.total ?? page.items.length;
      this.next = page.next;
      this.problem = null;
      this.phase = 'ready';
    } catch (error) {
      if (stop.signal.aborted) return;
      this.problem = asProblem(error);
      // What was read before stays on the screen; the strip says how old it is.
      this.phase = this.flags.length ? 'ready' : 'problem';
    }
  }

  async more(): Promise<void> {
    if (!this.next) return;
    try {
      const page = await api.flags({ ...this.#query(), limit: PAGE, cursor: this.next });
      const known = new Set(this.flags.map((flag) => flag.flag_id));
      this.flags.push(...page.items.filter((flag) => !known.has(flag.flag_id)));
      this.next = page.next;
      this.problem = null;
    } catch (error) {
      this.problem = asProblem(error);
    }
  }

  /** Whether the list holds only what a filter lets through. */
  get filtered(): boolean {
    return !!(view.rule || view.severity);
  }

  #query() {
    const near = this.near ? `${this.near.lon.toFixed(6)},${this.near.lat.toFixed(6)}` : null;
    return { state: 'open', grouped: 'without', near, rule: view.rule, severity: view.severity, grid: view.grid };
  }

  /** Opens a flag of the list or of the map. */
  select(flag: Flag): void {
    this.#open(flag.address_id, flag);
  }

  selectAddress(address: string): void {
    this.#open(address, null);
  }

  #open(address: string | null, flag: Flag | null): void {
    this.moving = false;
    this.failed = null;
    this.done = null;
    this.pointed = null;
    this.flag = flag;
    go({ flag: flag?.flag_id ?? null, address, group: null }, true);
    void this.loadCard();
  }

  close(): void {
    this.leave();
    go({ flag: null, address: null }, true);
  }

  /** Lets go of the open card: something else is opened. */
  leave(): void {
    this.#card?.abort();
    this.moving = false;
    this.failed = null;
    this.flag = null;
    this.address = null;
    this.signals = null;
    this.done = null;
    this.pointed = null;
  }

  /** Reads the open address and its evidence. */
  async loadCard(quiet = false): Promise<void> {
    this.#card?.abort();
    const id = view.address;
    if (!id) {
      this.address = null;
      this.signals = null;
      return;
    }
    const stop = (this.#card = new AbortController());
    if (!quiet || this.address?.address_id !== id) {
      this.address = this.address?.address_id === id ? this.address : null;
      this.signals = null;
    }
    this.cardProblem = null;
    this.signalsProblem = null;
    try {
      const [address, explanation] = await Promise.all([
        api.address(id, stop.signal),
        api.explain(id, stop.signal).catch((error: unknown) => {
          if (stop.signal.aborted) throw error;
          this.signalsProblem = asProblem(error);
          return { signals: [] };
        }),
      ]);
      this.address = address;
      this.signals = explanation.signals;
      const open = address.flags.find((flag) => flag.flag_id === view.flag);
      if (open) this.flag = { ...open, distance_m: open.distance_m ?? this.flag?.distance_m ?? null };
      else if (view.flag && this.flag?.flag_id !== view.flag)
        this.flag = await this.#lookUp(view.flag, pinOf(address), stop.signal);
      else if (!quiet && !view.flag) this.flag = address.flags.find((flag) => flag.state === 'open') ?? null;
    } catch (error) {
      const problem = asProblem(error);
      // A record that was given to another grid is out of this account's sight: what was done stays on the card.
      if (!stop.signal.aborted && !(this.done && problem?.kind === 'not_found')) this.cardProblem = problem;
    }
  }

  /** A flag of what stands at an address (its rental, its hazard) is none of the address's own: it is asked for by place. */
  async #lookUp(id: string, at: LonLat | null, signal: AbortSignal): Promise<Flag | null> {
    const listed = this.flags.find((flag) => flag.flag_id === id);
    if (listed || !at) return listed ?? null;
    const near = `${at.lon.toFixed(6)},${at.lat.toFixed(6)}`;
    const { items } = await api.flags({ state: 'all', near, limit: 100 }, signal);
    return items.find((flag) => flag.flag_id === id) ?? null;
  }

  /** The flag after the open one, or before it. */
  neighbour(step: 1 | -1): Flag | null {
    const here = this.flags.findIndex((flag) => flag.flag_id === this.flag?.flag_id);
    if (here >= 0) return this.flags[here + step] ?? null;
    return step === 1 ? (this.flags[0] ?? null) : null;
  }

  /**
   * Sends a correction of the open address. The version that was seen goes with it, so that nobody is overwritten.
   * False when it was not stored, and `failed` says why.
   */
  async correct(change: Change, note = '', onto: Address | null = null): Promise<boolean> {
    const seen = onto ?? this.address;
    if (!seen || this.saving) return false;
    this.saving = true;
    this.failed = null;
    const { address_id, version: base_version } = seen;
    const before = this.#attempt;
    this.#attempt = attempt(before, [address_id, base_version, change, note]);
    if (this.#attempt !== before) this.#observed = device.fix ? { ...device.fix } : null;
    try {
      const stored = await api.correct({
        correction_id: this.#attempt.id,
        address_id,
        base_version,
        change,
        observed: this.#observed,
        note,
      });
      this.#attempt = null;
      this.moving = false;
      this.conflict = null;
      this.#saved(change, seen, stored);
      return true;
    } catch (error) {
      const problem = asProblem(error);
      if (problem?.kind === 'conflict' && problem.current) {
        this.moving = false;
        this.conflict = { change, note, current: { ...seen, ...(problem.current as Address) }, seen };
        // The dialog of the conflict holds what was entered.
        return true;
      }
      if (!problem) throw error;
      this.failed = problem;
      return false;
    } finally {
      this.saving = false;
    }
  }

  #saved(change: Change, before: Address, stored: Correction): void {
    const undo = inverse(change, before);
    const text = saidOf(change, before);
    this.done = text;
    if (this.flag && change.kind !== 'comment') this.#strike(this.flag.flag_id);
    tell(text, undo && { label: t('undo'), run: () => void this.#undo(undo, before, stored) });
    void this.loadCard(true);
  }

  async #undo(change: Change, before: Address, stored: Correction): Promise<void> {
    try {
      await api.correct({
        correction_id: newId(),
        address_id: before.address_id,
        base_version: stored.version,
        change,
        observed: null,
        note: t('undo'),
      });
      this.done = null;
      tell(t('saved_undo'));
      void this.load(true);
      if (view.address === before.address_id) void this.loadCard(true);
    } catch (error) {
      const problem = asProblem(error);
      if (problem) complain(sayProblem(problem));
    }
  }

  /** Says that a flag is none, with a reason and a day until which that holds. */
  async dismiss(reason: string, until: string, onSpot: boolean): Promise<boolean> {
    const { flag, address } = this;
    if (!flag || !address || this.saving) return false;
    this.saving = true;
    this.failed = null;
    try {
      await api.dismiss(address.address_id, { flag_id: flag.flag_id, reason, until });
      // Somebody stood there and looked: that is worth keeping, flag or no flag.
      if (onSpot) {
        await api
          .correct({
            correction_id: newId(),
            address_id: address.address_id,
            base_version: address.version,
            change: { kind: 'confirm' },
            observed: device.fix ? { ...device.fix } : null,
            note: reason,
          })
          .catch(() => undefined);
      }
      this.done = t('saved_confirm');
      this.#strike(flag.flag_id);
      tell(t('saved_confirm'), { label: t('undo'), run: () => void this.restore(address.address_id, flag.flag_id) });
      void this.loadCard(true);
      return true;
    } catch (error) {
      const problem = asProblem(error);
      if (!problem) throw error;
      this.failed = problem;
      return false;
    } finally {
      this.saving = false;
    }
  }

  async restore(address: string, flag: string): Promise<void> {
    try {
      await api.restore(address, flag);
      this.done = null;
      tell(t('saved_restore'));
      void this.load(true);
      if (view.address === address) void this.loadCard(true);
    } catch (error) {
      const problem = asProblem(error);
      if (problem) complain(sayProblem(problem));
    }
  }

  #nextAfter: Flag | null = null;
  /** The task that comes after the one just done. */
  get after(): Flag | null {
    return this.#nextAfter && this.flags.some((flag) => flag.flag_id === this.#nextAfter?.flag_id)
      ? this.#nextAfter
      : (this.flags[0] ?? null);
  }

  /** Takes a settled flag off the list at once; the server's own word follows. */
  #strike(id: string): void {
    this.#nextAfter = this.neighbour(1) ?? this.neighbour(-1);
    const here = this.flags.findIndex((flag) => flag.flag_id === id);
    if (here < 0) return;
    this.flags.splice(here, 1);
    this.total = Math.max(0, this.total - 1);
  }
}

/** What was saved, in words. */
export function saidOf(change: Change, before: Address): string {
  if (change.kind === 'move') {
    const old = pinOf(before);
    return old ? t('saved_move', { d: sayMetres(distanceM(old, change), true) }) : t('change_move_first');
  }
  if (change.kind === 'set') return t('saved_set', { field: tc('field', change.field), value: change.value });
  if (change.kind === 'demolish') return t('saved_demolish');
  return t(change.kind === 'confirm' ? 'saved_confirm' : 'saved_comment');
}

/** What a correction did, in words. */
export function changeText(correction: Correction): string {
  const { change, before } = correction;
  if (change.kind === 'move') {
    if (!before || !isOnEarth(before)) return t('change_move_first');
    const { d, direction } = sayWay(before, change);
    return t('change_move', { d, direction });
  }
  if (change.kind === 'set') return t('change_set', { field: tc('field', change.field), value: change.value });
  if (change.kind === 'demolish') return t('change_demolish', { on: sayDay(change.on) });
  return t(change.kind === 'confirm' ? 'change_confirm' : 'change_comment');
}
