/**
 * What a person has entered and the server has not stored yet, on this device: a lost connection, an ended session or
 * a closed page takes nothing away. One account never sees another's.
 */

/** After this a draft is about a place as it was long ago. */
const KEPT_MS = 14 * 86_400_000;

export class Draft<T extends object> {
  readonly #key: string;

  /** `account` who writes, `kind` which form, `subject` what it is about. */
  constructor(account: string, kind: string, subject: string) {
    this.#key = `gridpin.draft/${account}/${kind}/${subject}`;
  }

  /** What was kept; null when there is nothing, or nothing that can be used. */
  read(): T | null {
    try {
      const { at, value } = JSON.parse(localStorage.getItem(this.#key) ?? 'null') as { at: number; value: T };
      return Date.now() - at < KEPT_MS && typeof value === 'object' ? value : null;
    } catch {
      return null;
    }
  }

  /** Keeps `value`. A device that stores nothing is no reason to stop working. */
  keep(value: T): void {
    try {
      localStorage.setItem(this.#key, JSON.stringify({ at: Date.now(), value }));
    } catch {
      // The form itself still holds it.
    }
  }

  drop(): void {
    localStorage.removeItem(this.#key);
  }
}
