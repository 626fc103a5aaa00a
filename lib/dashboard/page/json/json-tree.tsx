import { useState } from 'preact/hooks';
import { Button } from '../components/index.js';
import { formatCount } from '../format.js';
import { childrenOf, kindOf, previewOf } from './json-shape.js';
import './json.css';

const CHILDREN_AT_ONCE = 100;
const CHARACTERS_AT_ONCE = 1_000;
const OPEN_LEVELS = 2;
const MOST_OPEN_CHILDREN = 20;

/** A value as a tree that can be folded. All of it is text: nothing of it is ever markup. */
export function JsonTree({ value, label }: { readonly value: unknown; readonly label: string }) {
  return (
    <div class="json" role="group" aria-label={label}>
      <Value value={value} level={0} />
    </div>
  );
}

interface ValueProps {
  readonly name?: string;
  readonly value: unknown;
  readonly level: number;
}

function Value(props: ValueProps) {
  const { name, value } = props;
  const hasChildren = childrenOf(value).length > 0;
  if (hasChildren) return <Branch {...props} />;
  return (
    <div class="json-leaf">
      <Name name={name} />
      <Leaf value={value} />
    </div>
  );
}

function Branch({ name, value, level }: ValueProps) {
  const [isOpen, setOpen] = useState(() => isOpenAtFirst(value, level));
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <Name name={name} />
        <span class="json-preview">{isOpen ? sizeOf(value) : previewOf(value)}</span>
      </summary>
      {isOpen && <Children value={value} level={level + 1} />}
    </details>
  );
}

/** What is long is opened by the one who wants to read it, unless there is nothing else. */
function isOpenAtFirst(value: unknown, level: number): boolean {
  if (level === 0) return true;
  return level < OPEN_LEVELS && childrenOf(value).length <= MOST_OPEN_CHILDREN;
}

function Children({ value, level }: { readonly value: unknown; readonly level: number }) {
  const [most, setMost] = useState(CHILDREN_AT_ONCE);
  const children = childrenOf(value);
  const rest = children.length - most;
  return (
    <ul>
      {children.slice(0, most).map(({ key, value: child }) => (
        <li key={key}>
          <Value name={key} value={child} level={level} />
        </li>
      ))}
      {rest > 0 && (
        <li>
          <Button small onClick={() => setMost(most + CHILDREN_AT_ONCE)}>
            Show {formatCount(Math.min(rest, CHILDREN_AT_ONCE))} more of {formatCount(rest)}
          </Button>
        </li>
      )}
    </ul>
  );
}

function Name({ name }: { readonly name: string | undefined }) {
  if (name === undefined) return null;
  return (
    <>
      <span class="json-name">{name}</span>
      <span class="json-colon">: </span>
    </>
  );
}

function Leaf({ value }: { readonly value: unknown }) {
  const [isWhole, setWhole] = useState(false);
  const kind = kindOf(value);
  if (kind === 'object') return <span class="json-preview">{'{}'}</span>;
  if (kind === 'list') return <span class="json-preview">[]</span>;
  if (kind !== 'text') return <span class={`json-${kind}`}>{JSON.stringify(value ?? null)}</span>;
  const text = value as string;
  if (isWhole || text.length <= CHARACTERS_AT_ONCE) {
    return <span class="json-text">{JSON.stringify(text)}</span>;
  }
  return (
    <>
      <span class="json-text">
        {JSON.stringify(text.slice(0, CHARACTERS_AT_ONCE)).slice(0, -1)}…
      </span>{' '}
      <Button small onClick={() => setWhole(true)}>
        Show all {formatCount(text.length)} characters
      </Button>
    </>
  );
}

function sizeOf(value: unknown): string {
  const count = childrenOf(value).length;
  return Array.isArray(value) ? `[${count}]` : `{${count}}`;
}
