import { Type } from 'class-transformer';
import { IsDate, IsEmail, IsPositive } from 'class-validator';
import { defineJob } from 'nestjs-agenda-redis';

export class Invoice {
  @IsEmail()
  email!: string;

  @IsPositive()
  amount!: number;

  /** A text in the store, and a Date for the handler. */
  @IsDate()
  @Type(() => Date)
  dueOn!: Date;
}

/** Without a schema: the class is enforced when the job is run, by the `ValidationPipe` of its handler. */
export const sendInvoice = defineJob<Invoice>('send-invoice');
