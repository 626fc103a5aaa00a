import type { Ref } from 'preact';
import { Icon } from './icon.js';

interface SearchBoxProps {
  /** Its name, which is shown as long as it is empty. */
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly onEnter?: () => void;
  /** More about what may be written; shown in place of the label. */
  readonly placeholder?: string;
  readonly isWrong?: boolean;
  readonly inputRef?: Ref<HTMLInputElement>;
}

/** The key `/` leads to the first of them on a page: see keys.tsx. */
export function SearchBox(props: SearchBoxProps) {
  const { label, value, onInput, onEnter, placeholder, isWrong, inputRef } = props;
  return (
    <div class="search" role="search">
      <Icon name="search" />
      <input
        ref={inputRef}
        class="input"
        type="search"
        aria-label={label}
        aria-keyshortcuts="/"
        aria-invalid={isWrong || undefined}
        placeholder={placeholder ?? label}
        autocomplete="off"
        spellcheck={false}
        value={value}
        onInput={(event) => onInput(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') onEnter?.();
          if (event.key === 'Escape') event.currentTarget.blur();
        }}
      />
    </div>
  );
}
