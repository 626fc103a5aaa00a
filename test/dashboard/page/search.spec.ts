import { describe, expect, it } from '@jest/globals';
import { apiQueryOf, jobsQueryOf } from '../../../lib/dashboard/page/views/jobs/jobs-query.js';
import { searchForTag, searchOf } from '../../../lib/dashboard/page/views/jobs/search.js';

describe('what is written into the search of jobs', () => {
  it('is nothing as long as it is blank', () => {
    expect(searchOf('  ')).toEqual({ kind: 'none' });
  });

  it('is an id unless it says otherwise', () => {
    expect(searchOf(' 0Q84w/a b ')).toEqual({ kind: 'id', id: '0Q84w/a b' });
  });

  it.each(['eu', 'new customers', 'a:b'])('finds the tag %s by what is written for it', (tag) => {
    expect(searchOf(searchForTag(tag))).toEqual({ kind: 'tags', tags: [tag] });
  });

  it('is JSON that data contains', () => {
    expect(searchOf('{ "user": {"id": 7} }')).toEqual({
      kind: 'data',
      data: '{"user":{"id":7}}',
      tags: [],
    });
  });

  it('is tags, with quotes where they have blanks', () => {
    expect(searchOf('tag:eu tag:"new customers"')).toEqual({
      kind: 'tags',
      tags: ['eu', 'new customers'],
    });
  });

  it('may be tags and JSON', () => {
    expect(searchOf('tag:eu {"id":7}')).toEqual({ kind: 'data', data: '{"id":7}', tags: ['eu'] });
  });

  it.each(['{"user":', 'tag:', 'tag:eu 0Q84w'])('says what is missing from %j', (text) => {
    expect(searchOf(text)).toEqual({ kind: 'unclear', hint: expect.any(String) });
  });
});

describe('what the server is asked for', () => {
  it('is an id in every state and name', () => {
    const query = jobsQueryOf({ state: 'dead', name: 'mail', q: 'a1', cursor: 'c' });

    expect(apiQueryOf(query)).toEqual({ id: 'a1' });
  });

  it('is data within a state and a name, page by page', () => {
    const query = jobsQueryOf({ state: 'dead', name: 'mail', q: 'tag:eu {"id":7}', cursor: 'c' });

    expect(apiQueryOf(query)).toEqual({
      state: 'dead',
      name: 'mail',
      tag: ['eu'],
      data: '{"id":7}',
      cursor: 'c',
    });
  });

  it('is nothing while the search is not clear', () => {
    expect(apiQueryOf(jobsQueryOf({ q: '{"id"' }))).toBeNull();
  });

  it('is every state where the address names none that there is', () => {
    expect(jobsQueryOf({ state: 'lost' }).state).toBeNull();
  });
});
