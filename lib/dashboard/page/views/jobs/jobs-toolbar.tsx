import { useEffect } from 'preact/hooks';
import { SearchBox } from '../../components/index.js';
import { useOfferedNames } from '../../use-offered-names.js';
import type { Search } from './search.js';
import { useTyped } from './use-typed.js';

interface JobsToolbarProps {
  readonly text: string;
  readonly search: Search;
  readonly name: string;
  readonly onSearch: (text: string) => void;
  readonly onName: (name: string) => void;
  /** Enter in the search. */
  readonly onEnter: () => void;
}

export function JobsToolbar(props: JobsToolbarProps) {
  const { search, onEnter } = props;
  const [text, setText] = useTyped(props.text, props.onSearch);
  const [name, setName] = useTyped(props.name, props.onName);
  const offered = useOfferedNames(name);
  useEffect(() => {
    // One that was chosen from the list is not typed any further.
    if (name !== props.name && offered.includes(name)) props.onName(name);
  }, [name]);
  return (
    <div class="toolbar">
      <SearchBox
        label="Search jobs"
        placeholder='Id, {"data": …}, or tag:name'
        value={text}
        isWrong={search.kind === 'unclear'}
        onInput={setText}
        onEnter={onEnter}
      />
      <input
        class="input by-name"
        list="names-of-jobs"
        aria-label="Job name"
        placeholder="All names"
        autocomplete="off"
        spellcheck={false}
        value={name}
        onInput={(event) => setName(event.currentTarget.value)}
      />
      <datalist id="names-of-jobs">
        {offered.map((one) => (
          <option key={one} value={one} />
        ))}
      </datalist>
      <p class="hint" role="status">
        {hintOf(search)}
      </p>
    </div>
  );
}

function hintOf(search: Search): string {
  if (search.kind === 'unclear') return search.hint;
  if (search.kind === 'id') return 'By id, in all states and names.';
  return '';
}
