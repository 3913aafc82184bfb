import { Draft } from '../api/draft';
import { session } from '../api/session.svelte';

/** A form that keeps what is entered until it is stored or thrown away. Make it while a component is made. */
export class Kept<T extends object> {
  value: T = $state() as T;
  /** Whether it was found half filled in. */
  restored = $state(false);
  readonly #draft: Draft<T>;
  readonly #fresh: () => T;
  readonly #blank: string;

  constructor(kind: string, subject: string, fresh: () => T) {
    this.#draft = new Draft<T>(session.me?.name ?? '', kind, subject);
    this.#fresh = fresh;
    this.#blank = JSON.stringify(fresh());
    const kept = this.#draft.read();
    this.value = { ...fresh(), ...kept };
    this.restored = kept != null;
    $effect(() => this.keep());
  }

  /** Writes down what is there now; what is blank needs no keeping. */
  keep(): void {
    const now = $state.snapshot(this.value) as T;
    if (JSON.stringify(now) === this.#blank) this.#draft.drop();
    else this.#draft.keep(now);
  }

  /** Everything is stored, or nothing of it is wanted. */
  clear(): void {
    this.value = this.#fresh();
    this.restored = false;
    this.#draft.drop();
  }
}
