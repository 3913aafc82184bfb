import { SvelteSet } from 'svelte/reactivity';
import { api } from '../api/client';
import { attempt, type Attempt } from '../api/id';
import { Problem } from '../api/problem';
import { session } from '../api/session.svelte';
import type { FlagGroup, FlagGroupDetail, GroupMember, Mend, NewMend } from '../api/types';
import { distanceM } from '../geo/measure';
import { sayProblem, t } from '../i18n/language.svelte';
import { complain, tell } from '../part/toast.svelte';
import { go, view } from '../view/view.svelte';

const asProblem = (error: unknown): Problem | null => (error instanceof Problem ? error : null);
/** How long the bar with the undo of the last mend stays. */
const DAY_MS = 86_400_000;
/** A pin may go this far, metres, from where the preview showed it: detection learns on while somebody looks. */
const AS_SHOWN_M = 0.5;

/** Batches with one cause: the list of them, the one that is open with its preview, and what is done about it. */
export class Groups {
  // A batch may have a hundred thousand pins: what is read is replaced as a whole, never changed.
  list: FlagGroup[] = $state.raw([]);
  problem: Problem | null = $state(null);

  open: FlagGroupDetail | null = $state.raw(null);
  openProblem: Problem | null = $state(null);
  /** Members that are left as they are. */
  out: ReadonlySet<string> = $state.raw(new Set<string>());
  /** The members that would be moved. */
  readonly going: GroupMember[] = $derived(
    this.open?.members.filter(({ address_id }) => !this.out.has(address_id)) ?? [],
  );
  /** Members that were not as they had been shown. */
  readonly stale = new SvelteSet<string>();
  /** How many there were when the server refused last for that. */
  refused = $state(0);
  /** How many of its pins the map draws: of a large group only some. */
  drawn = $state(0);
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
    this.out = new Set();
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
      if (this.out.size) this.out = new Set([...this.out].filter((address) => members.has(address)));
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
    const out = new Set(this.out);
    if (!out.delete(address)) out.add(address);
    this.out = out;
  }
  toggleAll(): void {
    this.out = new Set(this.out.size ? [] : this.open?.members.map(({ address_id }) => address_id));
  }

  /** Moves the pins that are not left out, all or none, with a word on it. Returns whether that is done. */
  async mend(note: string): Promise<boolean> {
    if (!this.open || this.saving || !this.may || this.going.length === 0) return false;
    this.saving = true;
    this.failed = null;
    this.refused = 0;
    try {
      // What only looks different at the second glance is sent again by itself, once.
      for (let again = true; ; again = false) {
        const { open } = this;
        const what = { preview: open.preview, ...this.#which(), note: note || null };
        this.#attempt = attempt(this.#attempt, [open.group_id, what]);
        try {
          this.#mended(await api.mend(open.group_id, { mend_id: this.#attempt.id, ...what }));
          return true;
        } catch (error) {
          const problem = asProblem(error);
          if (!problem) throw error;
          if (problem.kind === 'conflict' && this.open) {
            await this.#lookAgain(this.open, staleOf(problem.current));
            if (this.refused) return false;
            if (again && this.open && this.going.length) continue;
          }
          this.failed = problem;
          return false;
        }
      }
    } finally {
      this.saving = false;
    }
  }

  /** Those that go, or those that stay, whichever are fewer. */
  #which(): Pick<NewMend, 'only' | 'exclude'> {
    const { going, out } = this;
    if (!out.size) return {};
    return out.size <= going.length ? { exclude: [...out] } : { only: going.map(({ address_id }) => address_id) };
  }

  #mended(made: Mend): void {
    this.#attempt = null;
    this.done = made;
    this.last = made;
    this.#onchange();
    void this.load();
  }

  /** Reads the preview anew and leaves out what is not as `shown`, until somebody has looked at it again. */
  async #lookAgain(shown: FlagGroupDetail, named: string[]): Promise<void> {
    const before = new Map(shown.members.map((member) => [member.address_id, member]));
    const wanted = new Set(this.going.map(({ address_id }) => address_id));
    await this.loadCard(true);
    const now = this.open?.members ?? [];
    const isAsShown = ({ address_id, base_version, to }: GroupMember) => {
      const was = before.get(address_id);
      return was?.base_version === base_version && distanceM(was.to, to) <= AS_SHOWN_M;
    };
    const doubted = new Set(named);
    const other = now.filter((member) => doubted.has(member.address_id) || !isAsShown(member));
    for (const { address_id } of now) wanted.delete(address_id);
    const left = other.map(({ address_id }) => address_id);
    for (const address of left) this.stale.add(address);
    this.out = new Set([...this.out, ...left]);
    // What is left of the wanted is in the group no more.
    this.refused = left.length + wanted.size;
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
        this.out = new Set();
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

/** The addresses that a conflict names. */
function staleOf(current: unknown): string[] {
  const { stale } = (current ?? {}) as { stale?: { address_id: string }[] };
  return Array.isArray(stale) ? stale.map(({ address_id }) => address_id) : [];
}
