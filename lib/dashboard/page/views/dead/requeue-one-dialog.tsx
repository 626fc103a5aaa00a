import type { JobDetail } from '../../../api/index.js';
import { pathOfJob } from '../../api-client.js';
import { Dialog, FailureNote, Loading } from '../../components/index.js';
import { useRequest } from '../../use-request.js';
import { RequeueDialog } from '../job/requeue-dialog.js';

/** The same as on the page of the job: a list has no more than the beginning of its data. */
export function RequeueOneDialog(props: {
  readonly id: string;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  const { id, onClose, onDone } = props;
  const { data, failure, reload } = useRequest<JobDetail>(pathOfJob(id));
  if (data !== null) return <RequeueDialog job={data} onClose={onClose} onDone={onDone} />;
  return (
    <Dialog title="Requeue" onClose={onClose}>
      {failure === null ? (
        <Loading what="its data" />
      ) : (
        <FailureNote failure={failure} onRetry={reload} />
      )}
    </Dialog>
  );
}
