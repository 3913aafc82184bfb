import { events } from './events';
import { api, onSignedOut } from './client';
import type { Config, Me, Role } from './types';
import type { Page } from '../view/url';

/** Which pages a role has; the first is where it lands. */
export const PAGES_OF: Record<Role, Page[]> = {
  collector: ['pins'],
  reviewer: ['pins', 'review'],
  department: ['rentals'],
  police: ['rentals'],
  leader: ['coverage'],
  steward: ['pins', 'review', 'rentals', 'coverage'],
};

class Session {
  me: Me | null = $state(null);
  config: Config | null = $state(null);
  /** Whether the first look at the server is over. */
  ready = $state(false);
  /** Why the sign-in page is shown: an earlier session ran out. */
  expired = $state(false);

  constructor() {
    onSignedOut.call = () => {
      if (this.me) this.expired = true;
      this.me = null;
      events.stop();
    };
  }

  /** Asks the server who is signed in. Throws when it does not answer. */
  async start(): Promise<void> {
    this.config = await api.config();
    await this.#look();
    this.ready = true;
  }

  async #look(): Promise<void> {
    try {
      this.me = await api.me();
      events.start();
    } catch (problem) {
      if (!(problem instanceof Error && 'kind' in problem && problem.kind === 'signed_out')) throw problem;
    }
  }

  async signIn(name: string, password: string): Promise<void> {
    await api.signIn(name, password);
    this.expired = false;
    await this.#look();
  }

  async signOut(): Promise<void> {
    await api.signOut();
    events.stop();
    this.me = null;
    this.expired = false;
  }
}

export const session = new Session();
