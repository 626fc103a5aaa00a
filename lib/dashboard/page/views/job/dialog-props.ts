import type { JobDetail } from '../../../api/index.js';

/** Of the dialogs that ask before something is done to a job. */
export interface ActionDialogProps {
  readonly job: JobDetail;
  readonly onClose: () => void;
  /** Called when it is done. */
  readonly onDone: () => void;
}
