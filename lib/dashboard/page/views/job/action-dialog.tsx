import { CancelDialog } from './cancel-dialog.js';
import { ChangeScheduleDialog } from './change-schedule-dialog.js';
import type { ActionDialogProps } from './dialog-props.js';
import { RemoveDialog } from './remove-dialog.js';
import { RequeueDialog } from './requeue-dialog.js';
import { RescheduleDialog } from './reschedule-dialog.js';
import { UpdateDialog } from './update-dialog.js';

export type DialogAction =
  'requeue' | 'update' | 'reschedule' | 'change-schedule' | 'cancel' | 'remove';

const DIALOGS = {
  requeue: RequeueDialog,
  update: UpdateDialog,
  reschedule: RescheduleDialog,
  'change-schedule': ChangeScheduleDialog,
  cancel: CancelDialog,
  remove: RemoveDialog,
} as const;

/** Asks what an action has to know, and does it. */
export function ActionDialog(props: ActionDialogProps & { readonly action: DialogAction }) {
  const { action, ...rest } = props;
  const Shown = DIALOGS[action];
  return <Shown {...rest} />;
}
