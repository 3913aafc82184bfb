import { Problem } from '../api/problem';

/** A short list of what belongs to the account: read as a whole, and one taken out at a time. */
export class Own<T> {
  items: T[] | null = $state(null);
  problem: Problem | null = $state(null);
  /** Which one is being taken out. */
  busy = $state('');

  constructor(
    readonly read: () => Promise<T[]>,
    readonly take: (id: string) => Promise<void>,
  ) {}

  async load(): Promise<void> {
    try {
      this.items = await this.read();
      this.problem = null;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.problem = error;
    }
  }

  /** Takes one out; whether it is gone. One that was gone already is what was wanted. */
  async remove(id: string): Promise<boolean> {
    this.busy = id;
    try {
      await this.take(id);
      this.problem = null;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.problem = error.kind === 'not_found' ? null : error;
    }
    const gone = !this.problem;
    if (gone) await this.load();
    this.busy = '';
    return gone;
  }
}
