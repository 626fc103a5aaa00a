import type { JobDetail } from '../../../api/index.js';
import { Copy, Section } from '../../components/index.js';
import { JsonTree } from '../../json/json-tree.js';

/** What it was given, and what came of it. */
export function JobValues({ job }: { readonly job: JobDetail }) {
  const { data, result, resultOmitted, progress, context } = job;
  return (
    <>
      <ValueSection title="Data" value={data} none="No data." />
      {(result !== null || job.state === 'completed') && (
        <ValueSection title="Result" value={result} none={resultOmitted ?? 'No result.'} />
      )}
      {progress !== null && <ValueSection title="Progress" value={progress} none="" />}
      {Object.keys(context).length > 0 && <ValueSection title="Context" value={context} none="" />}
    </>
  );
}

function ValueSection(props: {
  readonly title: string;
  readonly value: unknown;
  readonly none: string;
}) {
  const { title, value, none } = props;
  if (value === null || value === undefined) {
    return (
      <Section title={title}>
        <p class="hint">{none}</p>
      </Section>
    );
  }
  const text = JSON.stringify(value, null, 2);
  return (
    <Section title={title} actions={<Copy text={text} what={title.toLowerCase()} />}>
      <JsonTree value={value} label={title} />
    </Section>
  );
}
