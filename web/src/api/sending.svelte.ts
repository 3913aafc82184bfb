import { Problem } from './problem';

/** One form's way to the server: under way, failed with its problem, or free to be sent. */
export class Sending {
  busy = $state(false);
  problem: Problem | null = $state(null);

  /** Runs `send` unless it runs already. Returns whether it went through. */
  async run(send: () => Promise<void>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.problem = null;
    try {
      await send();
      return true;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.problem = error;
      return false;
    } finally {
      this.busy = false;
    }
  }
}
