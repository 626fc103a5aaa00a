/** The checked options of one dashboard, known only inside its own module. */
export const DASHBOARD_OPTIONS = Symbol('AgendaDashboardOptions');

/** The class of the controller that serves its page. */
export const PAGE_CONTROLLER = Symbol('AgendaDashboardPageController');
