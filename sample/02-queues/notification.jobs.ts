import { Injectable } from '@nestjs/common';
import { JobHandler, type Job } from 'nestjs-agenda-redis';
import { Narrator } from './narrator.js';

export interface Unread {
  chat: string;
  messages: number;
}

@Injectable()
export class NotificationJobs {
  constructor(private readonly narrator: Narrator) {}

  /** Short, many at once, ahead of slower work, and of no interest afterwards. */
  @JobHandler('notification', { concurrency: 10, priority: 'high', removeOnComplete: true })
  push({ data: { chat, messages } }: Job<Unread>): void {
    this.narrator.tell(`notification: ${messages} new messages in ${chat}`);
  }
}
