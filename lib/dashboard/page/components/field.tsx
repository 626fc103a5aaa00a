import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface FieldProps {
  readonly label: string;
  readonly hint?: string;
  /** What is wrong with it, and what would be right. */
  readonly error?: string | null;
}

interface TextFieldProps extends FieldProps {
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly placeholder?: string;
  readonly type?: 'text' | 'number' | 'search';
  /** More than one line. */
  readonly rows?: number;
  /** For code and JSON. */
  readonly mono?: boolean;
  readonly required?: boolean;
  readonly disabled?: boolean;
  /** Offered while it is typed. */
  readonly suggestions?: readonly string[];
}

export function TextField(props: TextFieldProps) {
  const { label, value, onInput, rows, mono, suggestions } = props;
  const id = useId();
  const common = {
    id,
    value,
    class: mono ? 'input mono' : 'input',
    placeholder: props.placeholder,
    required: props.required,
    disabled: props.disabled,
    spellcheck: false,
    autocomplete: 'off',
    'aria-invalid': props.error ? true : undefined,
    'aria-describedby': describedBy(id, props),
  } as const;
  return (
    <Field id={id} {...props} label={label}>
      {rows === undefined ? (
        <input
          {...common}
          type={props.type ?? 'text'}
          list={suggestions && `${id}-list`}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      ) : (
        <textarea {...common} rows={rows} onInput={(event) => onInput(event.currentTarget.value)} />
      )}
      {suggestions && (
        <datalist id={`${id}-list`}>
          {suggestions.map((text) => (
            <option key={text} value={text} />
          ))}
        </datalist>
      )}
    </Field>
  );
}

interface SelectFieldProps extends FieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly options: readonly { readonly value: string; readonly text: string }[];
}

export function SelectField(props: SelectFieldProps) {
  const id = useId();
  return (
    <Field id={id} {...props}>
      <select
        id={id}
        class="input"
        value={props.value}
        aria-describedby={describedBy(id, props)}
        onChange={(event) => props.onChange(event.currentTarget.value)}
      >
        {props.options.map(({ value, text }) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </Field>
  );
}

export function CheckField(props: {
  readonly label: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={props.checked}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
      />
      {props.label}
    </label>
  );
}

function Field(props: FieldProps & { readonly id: string; readonly children: ComponentChildren }) {
  const { id, label, hint, error } = props;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {props.children}
      {hint && (
        <p id={`${id}-hint`} class="hint">
          {hint}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} class="error" role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

function describedBy(id: string, { hint, error }: FieldProps): string | undefined {
  const ids = [hint ? `${id}-hint` : '', error ? `${id}-error` : ''].filter((one) => one !== '');
  return ids.length === 0 ? undefined : ids.join(' ');
}
