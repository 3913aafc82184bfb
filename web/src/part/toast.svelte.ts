/** One short message at a time, with an undo where there is one. */
export interface Toast {
  text: string;
  bad: boolean;
  action: { label: string; run: () => void } | null;
}

let timer: ReturnType<typeof setTimeout> | undefined;
export const toast = $state({ current: null as Toast | null });

export function tell(text: string, action: Toast['action'] = null): void {
  show({ text, bad: false, action });
}
export function complain(text: string): void {
  show({ text, bad: true, action: null });
}
export function hush(): void {
  clearTimeout(timer);
  toast.current = null;
}
function show(next: Toast): void {
  clearTimeout(timer);
  toast.current = next;
  timer = setTimeout(hush, next.action ? 10_000 : 6000);
}
