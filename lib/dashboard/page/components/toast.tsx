import { createContext, type ComponentChildren } from 'preact';
import { useCallback, useContext, useMemo, useRef, useState } from 'preact/hooks';
import { Button } from './button.js';
import { Icon } from './icon.js';

/** Says at the edge of the page what became of something. */
export interface Toasts {
  /** Goes away by itself. */
  readonly say: (text: string) => void;
  /** Stays until it is closed. */
  readonly fail: (error: unknown) => void;
}

interface Toast {
  readonly number: number;
  readonly text: string;
  readonly isFailure: boolean;
}

const SHOWN_FOR_MS = 6_000;
const MOST = 4;

const ToastContext = createContext<Toasts>({ say: () => undefined, fail: () => undefined });

export function useToasts(): Toasts {
  return useContext(ToastContext);
}

export function ToastHost({ children }: { readonly children: ComponentChildren }) {
  const [shown, setShown] = useState<readonly Toast[]>([]);
  const count = useRef(0);
  const close = useCallback(
    (number: number) => setShown((before) => before.filter((toast) => toast.number !== number)),
    [],
  );
  const toasts = useMemo<Toasts>(() => {
    const show = (text: string, isFailure: boolean) => {
      const number = (count.current += 1);
      setShown((before) => [...before.slice(1 - MOST), { number, text, isFailure }]);
      if (!isFailure) setTimeout(() => close(number), SHOWN_FOR_MS);
    };
    return {
      say: (text) => show(text, false),
      fail: (error) => show(error instanceof Error ? error.message : String(error), true),
    };
  }, [close]);
  return (
    <ToastContext.Provider value={toasts}>
      {children}
      <section class="toasts" aria-label="Notifications" aria-live="polite">
        {shown.map(({ number, text, isFailure }) => (
          <div key={number} class={isFailure ? 'toast failure' : 'toast'}>
            <Icon name={isFailure ? 'alert' : 'check'} />
            <p>{text}</p>
            <Button kind="quiet" small label="Dismiss" onClick={() => close(number)}>
              <Icon name="close" />
            </Button>
          </div>
        ))}
      </section>
    </ToastContext.Provider>
  );
}
