import { randomBytes, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';

/** Who may see and change jobs: one user, whose password is made up at each start unless it is given. */
@Injectable()
export class Accounts {
  readonly user = process.env.DASHBOARD_USER ?? 'admin';
  readonly isMadeUp = process.env.DASHBOARD_PASSWORD === undefined;
  readonly password = process.env.DASHBOARD_PASSWORD ?? randomBytes(9).toString('base64url');

  knows(user: string, password: string): boolean {
    // Both are looked at, and to their ends: how long it takes tells nothing.
    const isUser = isSame(user, this.user);
    return isSame(password, this.password) && isUser;
  }
}

function isSame(given: string, known: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(known)];
  return one.length === other.length && timingSafeEqual(one, other);
}
