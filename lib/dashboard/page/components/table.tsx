import type { ComponentChildren } from 'preact';

export interface Column<Row> {
  /** Of its own in the table. */
  readonly key: string;
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** `end` for numbers. */
  readonly align?: 'start' | 'end';
  /** The rows can be sorted by it, which way it is sorted first. */
  readonly sortable?: 'ascending' | 'descending';
  /** Head of the card on phones, and of the row for screen readers: one column of each table. */
  readonly isHead?: boolean;
  /** Left out where there is little room. */
  readonly isMinor?: boolean;
}

export interface Sorting {
  readonly key: string;
  readonly direction: 'ascending' | 'descending';
}

export interface Selection {
  readonly keys: ReadonlySet<string>;
  readonly onChange: (keys: ReadonlySet<string>) => void;
}

interface TableProps<Row> {
  /** What the table is about: read out, not shown. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  readonly sorting?: Sorting;
  readonly onSort?: (sorting: Sorting) => void;
  /** With it, rows have checkboxes. */
  readonly selection?: Selection;
  /** How a row is called by its checkbox. @default its key */
  readonly rowLabel?: (row: Row) => string;
  /** The row the keyboard is at. */
  readonly current?: string | null;
  /** Older rows are being shown until newer ones arrive. */
  readonly isStale?: boolean;
}

/** A table where there is room; a list of cards on phones. */
export function Table<Row>(props: TableProps<Row>) {
  const { caption, columns, rows, rowKey, selection } = props;
  return (
    <div class="table-box">
      <table class="table" aria-busy={props.isStale || undefined}>
        <caption class="only-read">{caption}</caption>
        <thead>
          <tr>
            {selection && (
              <th class="select" scope="col">
                <SelectAll keys={rows.map(rowKey)} selection={selection} />
              </th>
            )}
            {columns.map((column) => (
              <Head key={column.key} column={column} {...props} />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={rowKey(row)} row={row} {...props} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Head<Row>(props: TableProps<Row> & { readonly column: Column<Row> }) {
  const { column, sorting, onSort } = props;
  const sorted = sorting?.key === column.key ? sorting.direction : undefined;
  return (
    <th scope="col" class={classOf(column)} aria-sort={sorted}>
      {column.sortable && onSort ? (
        <button
          type="button"
          class={`sort ${sorted ?? ''}`}
          onClick={() => onSort({ key: column.key, direction: next(column, sorted) })}
        >
          {column.title}
        </button>
      ) : (
        column.title
      )}
    </th>
  );
}

function Row<Row>(props: TableProps<Row> & { readonly row: Row }) {
  const { row, columns, rowKey, selection, current } = props;
  const key = rowKey(row);
  const isSelected = selection?.keys.has(key);
  return (
    <tr
      class={isSelected ? 'selected' : undefined}
      aria-current={current === key ? 'true' : undefined}
    >
      {selection && (
        <td class="select">
          <input
            type="checkbox"
            aria-label={`Select ${props.rowLabel?.(row) ?? key}`}
            checked={isSelected}
            onChange={() => selection.onChange(toggled(selection.keys, key))}
          />
        </td>
      )}
      {columns.map((column) =>
        column.isHead ? (
          <th key={column.key} scope="row" class={classOf(column)} data-column={column.key}>
            {column.cell(row)}
          </th>
        ) : (
          <td
            key={column.key}
            class={classOf(column)}
            data-title={column.title}
            data-column={column.key}
          >
            {column.cell(row)}
          </td>
        ),
      )}
    </tr>
  );
}

function SelectAll(props: { readonly keys: readonly string[]; readonly selection: Selection }) {
  const { keys, selection } = props;
  const chosen = keys.filter((key) => selection.keys.has(key)).length;
  const areAll = chosen > 0 && chosen === keys.length;
  return (
    <input
      type="checkbox"
      aria-label="Select all on this page"
      checked={areAll}
      indeterminate={chosen > 0 && !areAll}
      onChange={() => selection.onChange(new Set(areAll ? [] : keys))}
    />
  );
}

function toggled(keys: ReadonlySet<string>, key: string): ReadonlySet<string> {
  const changed = new Set(keys);
  if (!changed.delete(key)) changed.add(key);
  return changed;
}

function next<Row>(column: Column<Row>, sorted: Sorting['direction'] | undefined) {
  if (sorted === undefined) return column.sortable ?? 'ascending';
  return sorted === 'ascending' ? 'descending' : 'ascending';
}

function classOf<Row>({ align, isMinor, isHead }: Column<Row>): string {
  return [align === 'end' ? 'end' : '', isMinor ? 'minor' : '', isHead ? 'head' : '']
    .filter((name) => name !== '')
    .join(' ');
}
