import { useState } from 'preact/hooks';
import { readField } from '../../json/json-field.js';
import { editableOf } from '../../json/json-shape.js';
import { useShell } from '../../shell.js';

interface EditedJson {
  /** For a `JsonField`. */
  readonly field: {
    readonly text: string;
    readonly onInput: (text: string) => void;
    readonly showsFault: boolean;
    readonly optional: true;
    readonly hint?: string;
  };
  /** `data` when it was changed, nothing when it was not; undefined when it is no JSON, which is shown from then on. */
  read(): { readonly data?: unknown } | undefined;
}

/** Data that a person edits: what comes meanwhile does not change what stands in the field. */
export function useEditedJson(data: unknown): EditedJson {
  const { session } = useShell();
  const [original] = useState(() => editableOf(data));
  const [text, setText] = useState(original);
  const [tries, setTries] = useState(0);
  const isMasked = original.includes(session.mask);
  const read = () => {
    if (text === original) return {};
    const reading = readField({ text, optional: true });
    if ('value' in reading) return { data: reading.value ?? null };
    setTries(tries + 1);
    return undefined;
  };
  const hint = isMasked
    ? `What is shown as ${session.mask} is hidden from you, and stays what it is where you leave it so.`
    : undefined;
  return {
    field: {
      text,
      onInput: setText,
      showsFault: tries > 0,
      optional: true,
      ...(hint !== undefined && { hint }),
    },
    read,
  };
}
