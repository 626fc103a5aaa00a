import { Module } from '@nestjs/common';
import { Narrator } from './narrator.js';

@Module({ providers: [Narrator], exports: [Narrator] })
export class NarratorModule {}
