import { useEffect, useId, useRef } from 'preact/hooks';
import { Button } from '../components/index.js';
import { readJson, type JsonReading } from './json-fault.js';
import './json.css';

interface JsonFieldProps {
  readonly label: string;
  readonly text: string;
  readonly onInput: (text: string) => void;
  readonly hint?: string;
  /** May be left empty. */
  readonly optional?: boolean;
  /** What the form refuses is shown from then on while it is typed. */
  readonly showsFault: boolean;
}

/** A field for JSON, which tells the line and the column where it stops being JSON, and goes there. */
export function JsonField(props: JsonFieldProps) {
  const { label, text, onInput, hint, showsFault } = props;
  const id = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  const reading = readField(props);
  const fault = 'fault' in reading ? reading.fault : null;
  const isShown = showsFault && fault !== null;
  const select = (offset: number) => {
    field.current?.focus();
    field.current?.setSelectionRange(offset, offset + 1);
  };
  useEffect(() => {
    if (isShown) select(fault.offset);
    // Once, when the form has refused it: later the cursor belongs to the one who types.
  }, [showsFault]);
  const tidy = () => {
    if ('value' in reading) onInput(JSON.stringify(reading.value, null, 2));
    else if (fault) select(fault.offset);
  };

  return (
    <div class="field json-field">
      <div class="label-row">
        <label for={id}>{label}</label>
        <Button kind="quiet" small onClick={tidy} disabled={text.trim() === ''}>
          {fault === null ? 'Tidy up' : 'Go to the fault'}
        </Button>
      </div>
      <textarea
        ref={field}
        id={id}
        class="input mono"
        rows={Math.min(Math.max(text.split('\n').length + 1, 6), 16)}
        value={text}
        spellcheck={false}
        autocomplete="off"
        autocapitalize="off"
        aria-invalid={isShown || undefined}
        aria-describedby={`${hint ? `${id}-hint ` : ''}${id}-fault`}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      {hint && (
        <p id={`${id}-hint`} class="hint">
          {hint}
        </p>
      )}
      <p id={`${id}-fault`} class="error" role="alert">
        {isShown && `Line ${fault.line}, column ${fault.column}: ${fault.message}`}
      </p>
    </div>
  );
}

/** What stands in such a field; undefined in one that may be left empty, and is. */
export function readField({ text, optional }: { text: string; optional?: boolean }): JsonReading {
  if (optional && text.trim() === '') return { value: undefined };
  return readJson(text);
}
