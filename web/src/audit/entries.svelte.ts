import { api } from '../api/client';
import { Problem } from '../api/problem';
import type { AuditEntry } from '../api/types';

/** What entries are wanted; empty fields are not asked for. */
export interface AuditFilter {
  actor: string;
  action: string;
  subject: string;
  from: string;
  to: string;
}

export const ALL: AuditFilter = { actor: '', action: '', subject: '', from: '', to: '' };

/** The audit log, page by page, newest first. */
export class Entries {
  items: AuditEntry[] = $state([]);
  next: string | null = $state(null);
  problem: Problem | null = $state(null);
  ready = $state(false);
  #filter = ALL;
  #reading: AbortController | undefined;

  async load(filter: AuditFilter): Promise<void> {
    this.#filter = filter;
    await this.#read(null);
  }

  async more(): Promise<void> {
    await this.#read(this.next);
  }

  async #read(cursor: string | null): Promise<void> {
    this.#reading?.abort();
    const stop = (this.#reading = new AbortController());
    try {
      const page = await api.audit({ ...this.#filter, cursor, limit: 50 }, stop.signal);
      this.items = cursor ? [...this.items, ...page.items] : page.items;
      this.next = page.next;
      this.problem = null;
      this.ready = true;
    } catch (error) {
      if (stop.signal.aborted) return;
      if (!(error instanceof Problem)) throw error;
      this.problem = error;
    }
  }
}
