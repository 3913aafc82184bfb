import { api } from '../api/client';
import { Problem } from '../api/problem';
import { session } from '../api/session.svelte';
import type { Correction } from '../api/types';
import { t } from '../i18n/language.svelte';
import { tell } from '../part/toast.svelte';

/** Days within which a correction is to be verified. */
const REVIEW_DAYS = 7;
const asProblem = (error: unknown): Problem | null => (error instanceof Problem ? error : null);

/** Days that are left to verify a correction; negative when it is overdue. */
export function daysLeft(correction: Correction): number {
  return Math.ceil(REVIEW_DAYS - (Date.now() - Date.parse(correction.made_at)) / 86_400_000);
}

/** Corrections that wait for somebody else than their collector: the list, the open one, and what is said of it. */
export class Reviews {
  items: Correction[] = $state([]);
  next: string | null = $state(null);
  total = $state(0);
  phase: 'loading' | 'ready' | 'problem' = $state('loading');
  problem: Problem | null = $state(null);

  chosen: Correction | null = $state(null);
  busy = $state(false);
  failed: Problem | null = $state(null);
  /** Addresses by identifier, where the list doesn't name them. */
  #texts: Record<string, string> = $state({});

  /** Whether the account made the open correction itself. */
  get mine(): boolean {
    return this.chosen?.made_by === session.me?.name;
  }

  text({ address_text, address_id }: Correction): string {
    return address_text ?? this.#texts[address_id] ?? address_id;
  }

  async load(quiet = false, cursor: string | null = null): Promise<void> {
    if (!quiet) this.phase = 'loading';
    try {
      const page = await api.corrections({ state: 'unverified', limit: 50, cursor });
      this.items = cursor ? [...this.items, ...page.items] : page.items;
      this.next = page.next;
      this.total = page.total ?? this.items.length;
      this.phase = 'ready';
      this.problem = null;
      // The list names addresses; where the server sends only ids, each is asked for once.
      for (const { address_id, address_text } of page.items) {
        if (address_text == null && this.#texts[address_id] == null) {
          api
            .address(address_id)
            .then((address) => (this.#texts[address_id] = address.full_text))
            .catch(() => {});
        }
      }
    } catch (error) {
      this.problem = asProblem(error);
      this.phase = this.items.length ? 'ready' : 'problem';
    }
  }

  async more(): Promise<void> {
    await this.load(true, this.next);
  }

  choose(correction: Correction | null): void {
    this.chosen = correction;
    this.failed = null;
  }

  /** The correction before or after the open one; the first where none is open. */
  neighbour(by: 1 | -1): Correction | null {
    const at = this.items.findIndex((item) => item.correction_id === this.chosen?.correction_id);
    return this.items[at < 0 ? 0 : at + by] ?? null;
  }

  /** Says a word on the open correction and goes on to the next. False when it was not stored. */
  async review(verdict: 'verified' | 'rejected', why = ''): Promise<boolean> {
    const correction = this.chosen;
    if (!correction || this.busy || this.mine) return false;
    this.busy = true;
    this.failed = null;
    try {
      await api.review(correction.correction_id, verdict, why);
      tell(t(verdict));
      const at = this.items.findIndex((item) => item.correction_id === correction.correction_id);
      this.items = this.items.filter((item) => item.correction_id !== correction.correction_id);
      this.total = Math.max(0, this.total - 1);
      this.choose(this.items[Math.min(at, this.items.length - 1)] ?? null);
      return true;
    } catch (error) {
      const problem = asProblem(error);
      if (!problem) throw error;
      this.failed = problem;
      if (problem.kind === 'conflict') void this.load(true);
      return false;
    } finally {
      this.busy = false;
    }
  }
}
