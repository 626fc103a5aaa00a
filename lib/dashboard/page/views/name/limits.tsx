import { Badge, EmptyNote, Section } from '../../components/index.js';
import { limitWords } from './limit-words.js';

interface LimitsProps {
  readonly handler: unknown;
  readonly byHand: unknown;
}

/** What limits a name over all processes: what was set by hand wins over the handler. */
export function Limits(props: LimitsProps) {
  const handler = members(props.handler);
  const byHand = members(props.byHand);
  const keys = [...new Set([...Object.keys(handler), ...Object.keys(byHand)])];
  return (
    <Section title="Limits">
      {keys.length === 0 ? (
        <EmptyNote title="No limits." />
      ) : (
        <ul class="panel limits">
          {keys.map((key) => (
            <li key={key}>
              {limitWords(key, byHand[key] ?? handler[key])}
              {Object.hasOwn(byHand, key) ? (
                <Badge tone="accent">by hand</Badge>
              ) : (
                <Badge>handler</Badge>
              )}
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

function members(limits: unknown): Readonly<Record<string, unknown>> {
  return (limits ?? {}) as Readonly<Record<string, unknown>>;
}
